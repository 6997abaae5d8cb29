package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.EntityTag;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The console: a page below {@code /console/} whose files are in the jar. They hold nothing of the
 * cluster, which the page asks of the API, and so need no principal.
 */
final class ConsoleRoutes extends AllDirectives {
  private static final String HOME = "/console/";
  private static final String INDEX = "index.html";
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*\\.[a-z]+");

  /** By the end of a file's name. */
  private static final Map<String, ContentType> TYPES =
      Map.of(
          "html", ContentTypes.TEXT_HTML_UTF8,
          "css", MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8),
          "js", MediaTypes.APPLICATION_JAVASCRIPT.toContentType(HttpCharsets.UTF_8),
          "svg", MediaTypes.IMAGE_SVG_XML.toContentType());

  /** Nothing but what this gateway serves is loaded, nor may the page be framed. */
  private static final List<HttpHeader> HEADERS =
      List.of(
          RawHeader.create(
              "Content-Security-Policy",
              "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                  + " object-src 'none'"),
          RawHeader.create("X-Content-Type-Options", "nosniff"),
          RawHeader.create("X-Frame-Options", "DENY"),
          RawHeader.create("Referrer-Policy", "no-referrer"),
          RawHeader.create("Cross-Origin-Opener-Policy", "same-origin"),
          RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
          RawHeader.create("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
          // Asked for each time, and answered 304: a gateway of another version serves another
          // page.
          RawHeader.create("Cache-Control", "no-cache"));

  private record Asset(ContentType type, byte[] bytes, EntityTag tag) {}

  private final Map<String, Asset> assets = new ConcurrentHashMap<>();

  /** What stands at {@code /} and below {@code /console}. */
  Route all(HttpRequest request) {
    return concat(
        pathSingleSlash(
            () -> get(() -> redirect(Uri.create(HOME), StatusCodes.TEMPORARY_REDIRECT))),
        pathPrefix(
            segment("console"),
            () ->
                concat(
                    pathEnd(
                        () ->
                            get(() -> redirect(Uri.create(HOME), StatusCodes.TEMPORARY_REDIRECT))),
                    pathSingleSlash(() -> get(() -> file(request, INDEX))),
                    path(segment(), name -> get(() -> file(request, name))))));
  }

  private Route file(HttpRequest request, String name) {
    Asset asset =
        asset(name)
            .orElseThrow(
                () ->
                    new ProblemException(
                        ProblemType.NOT_FOUND,
                        "There is no resource " + Problems.instanceOf(request)));
    return respondWithHeaders(
        HEADERS,
        () ->
            conditional(
                asset.tag(),
                () ->
                    complete(
                        HttpResponse.create()
                            .withEntity(HttpEntities.create(asset.type(), asset.bytes())))));
  }

  private Optional<Asset> asset(String name) {
    // Only names of files that can be ours get to the class loader.
    ContentType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    return type == null || !NAME.matcher(name).matches()
        ? Optional.empty()
        : Optional.ofNullable(assets.computeIfAbsent(name, absent -> read(absent, type)));
  }

  private static Asset read(String name, ContentType type) {
    try (InputStream in = ConsoleRoutes.class.getResourceAsStream(HOME + name)) {
      if (in == null) {
        return null;
      }
      byte[] bytes = in.readAllBytes();
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return new Asset(
          type, bytes, EntityTag.create(HexFormat.of().formatHex(digest, 0, 12), false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
