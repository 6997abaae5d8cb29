package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Looks for bytes in whatever files there are. */
public final class FileSearch {
  private static final int CHUNK = 4 << 20;

  private FileSearch() {}

  /**
   * Searches all files of a directory and below. What disappears meanwhile is passed over.
   *
   * @param selected which of them
   * @param wanted what to look for, in ASCII, by a name for it
   * @return the names of what was found, with the files that have it
   */
  public static Map<String, List<Path>> under(
      Path directory, Predicate<Path> selected, Map<String, String> wanted) throws IOException {
    Map<String, List<Path>> found = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> tree = Files.walk(directory)) {
      files = tree.filter(Files::isRegularFile).filter(selected).toList();
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof NoSuchFileException) {
        // A directory went while it was walked: Cassandra tidies up.
        return under(directory, selected, wanted);
      }
      throw e;
    }
    for (Path file : files) {
      for (String name : in(file, wanted)) {
        found.computeIfAbsent(name, absent -> new ArrayList<>()).add(file);
      }
    }
    return found;
  }

  private static List<String> in(Path file, Map<String, String> wanted) throws IOException {
    int longest = wanted.values().stream().mapToInt(String::length).max().orElse(1);
    List<String> found = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      String before = "";
      for (byte[] chunk = in.readNBytes(CHUNK); chunk.length > 0; chunk = in.readNBytes(CHUNK)) {
        // A charset in which every byte is a character.
        String text = before + new String(chunk, StandardCharsets.ISO_8859_1);
        wanted.forEach(
            (name, bytes) -> {
              if (!found.contains(name) && text.contains(bytes)) {
                found.add(name);
              }
            });
        before = text.substring(Math.max(0, text.length() - longest + 1));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return found;
  }
}
