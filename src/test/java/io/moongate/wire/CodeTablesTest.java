package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** The codes as the sections' tables list them. */
class CodeTablesTest {
  private static <E extends Enum<E>> void assertCodes(
      List<Integer> codes,
      E[] constants,
      ToIntFunction<E> code,
      Function<Integer, Optional<E>> of) {
    assertEquals(codes, Arrays.stream(constants).map(code::applyAsInt).toList());
    Map<Integer, E> found = new TreeMap<>();
    for (int candidate = -1; candidate < 300; candidate++) {
      int key = candidate;
      of.apply(candidate).ifPresent(constant -> found.put(key, constant));
    }
    assertEquals(codes, List.copyOf(found.keySet()));
    assertEquals(Arrays.asList(constants), List.copyOf(found.values()));
  }

  @Test
  void codes() {
    assertCodes(
        List.of(2, 3, 4, 5, 6, 7, 8, 9, 10, 12),
        RejectReason.values(),
        RejectReason::code,
        RejectReason::of);
    assertCodes(List.of(0, 1, 3), LoginStage.values(), LoginStage::code, LoginStage::of);
    assertCodes(List.of(0, 1, 2), LogoutReason.values(), LogoutReason::code, LogoutReason::of);
    assertCodes(
        List.of(0, 1, 2, 3),
        LogoutResponseCode.values(),
        LogoutResponseCode::code,
        LogoutResponseCode::of);
    assertCodes(
        List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        TaskManagementFunction.values(),
        TaskManagementFunction::code,
        TaskManagementFunction::of);
    assertCodes(
        List.of(0, 1, 2, 3, 4, 5, 6, 7, 255),
        TaskManagementResponseCode.values(),
        TaskManagementResponseCode::code,
        TaskManagementResponseCode::of);
    assertCodes(
        List.of(0, 1, 2, 3, 4, 5, 255), AsyncEvent.values(), AsyncEvent::code, AsyncEvent::of);
    assertCodes(List.of(0, 1, 2, 3), SnackType.values(), SnackType::code, SnackType::of);
    assertCodes(List.of(0, 1), IscsiResponse.values(), IscsiResponse::code, IscsiResponse::of);
  }

  @Test
  void loginStatus() {
    assertEquals(
        List.of(
            0x0000, 0x0101, 0x0102, 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x0206, 0x0207,
            0x0208, 0x0209, 0x020A, 0x020B, 0x0300, 0x0301, 0x0302),
        Arrays.stream(LoginStatus.values())
            .map(status -> (status.statusClass() << 8) | status.detail())
            .toList());
    assertEquals(Optional.of(LoginStatus.NOT_FOUND), LoginStatus.of(2, 3));
    assertEquals(Optional.empty(), LoginStatus.of(1, 0));
  }
}
