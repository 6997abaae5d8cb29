package io.moongate.management;

import io.moongate.cluster.access.AccessLists;
import io.moongate.cluster.access.ChapCredentials;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.view.TargetAccess;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads requests about who may log in, and refuses what can't be right, naming the field. */
final class AccessRequests {
  private static final int MAX_USER_BYTES = 255;
  private static final int MAX_REMARK = 255;

  private AccessRequests() {}

  static AccessLists.Wanted allow(byte[] bytes) {
    RequestBody body = RequestBody.readSecret(bytes, "chap", "luns", "remark");
    Optional<ChapCredentials> chap =
        body.object("chap", "user", "secret").map(within -> credentials(within, "chap."));
    Optional<Map<Integer, Integer>> luns =
        body.objects("luns", Requests.MAX_LUN + 1, "lun", "targetLun").map(AccessRequests::mask);
    Optional<String> remark = body.optionalText("remark");
    remark.ifPresent(
        text -> {
          if (text.length() > MAX_REMARK || hasControls(text)) {
            throw ProblemException.invalid(
                "remark",
                "remark must be a line of at most " + MAX_REMARK + " characters without controls");
          }
        });
    return new AccessLists.Wanted(chap, luns, remark);
  }

  static ChapCredentials chap(byte[] bytes) {
    return credentials(RequestBody.readSecret(bytes, "user", "secret"), "");
  }

  static TargetAccess.Mode mode(byte[] bytes) {
    String word = RequestBody.read(bytes, "access").text("access");
    for (TargetAccess.Mode mode : TargetAccess.Mode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(word)) {
        return mode;
      }
    }
    throw ProblemException.invalid("access", "access must be open or listed, and is " + word);
  }

  private static ChapCredentials credentials(RequestBody body, String path) {
    String user = body.text("user");
    if (user.getBytes(StandardCharsets.UTF_8).length > MAX_USER_BYTES || hasControls(user)) {
      throw ProblemException.invalid(
          path + "user",
          path + "user must have 1 to " + MAX_USER_BYTES + " bytes and no control characters");
    }
    Optional<String> secret = body.optionalSecret("secret");
    secret
        .flatMap(ChapSecrets::fault)
        .ifPresent(
            fault -> {
              throw ProblemException.invalid(path + "secret", path + "secret " + fault);
            });
    return new ChapCredentials(user, secret);
  }

  private static Map<Integer, Integer> mask(List<RequestBody> luns) {
    Map<Integer, Integer> mask = new TreeMap<>();
    for (int i = 0; i < luns.size(); i++) {
      int lun = (int) luns.get(i).whole("lun", 0, Requests.MAX_LUN);
      long targetLun =
          luns.get(i).optionalWhole("targetLun", 0, Requests.MAX_LUN).orElse((long) lun);
      String field = "luns[" + i + "]";
      if (mask.containsKey(lun)) {
        throw ProblemException.invalid(field + ".lun", field + ".lun repeats " + lun);
      }
      if (mask.containsValue((int) targetLun)) {
        throw ProblemException.invalid(
            field + ".targetLun", field + ".targetLun repeats " + targetLun);
      }
      mask.put(lun, (int) targetLun);
    }
    return mask;
  }

  private static boolean hasControls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }
}
