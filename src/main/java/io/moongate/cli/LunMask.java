package io.moongate.cli;

import io.moongate.management.api.Initiator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A LUN that an initiator sees: {@code 3}, or {@code 0=3} when it sees the target's 3 as its 0. */
final class LunMask implements ITypeConverter<Initiator.Lun> {
  private static final Pattern FORM = Pattern.compile("(\\d{1,5})(?:=(\\d{1,5}))?");

  @Override
  public Initiator.Lun convert(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is no LUN, as 3, or 0=3 to show the target's LUN 3 as LUN 0");
    }
    int lun = Integer.parseInt(matcher.group(1));
    return new Initiator.Lun(
        lun, matcher.group(2) == null ? lun : Integer.parseInt(matcher.group(2)));
  }

  /** A mask as it is given. */
  static String text(List<Initiator.Lun> luns) {
    if (luns == null) {
      return "all";
    }
    return luns.isEmpty()
        ? "none"
        : luns.stream()
            .map(
                lun ->
                    lun.targetLun() == null || lun.targetLun() == lun.lun()
                        ? Integer.toString(lun.lun())
                        : lun.lun() + "=" + lun.targetLun())
            .collect(Collectors.joining(","));
  }
}
