package io.moongate.scsi.sense;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.Nexus;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UnitAttentionsTest {
  private static final Nexus A = new Nexus("a", 1, "t", 1);
  private static final Nexus B = new Nexus("b", 1, "t", 1);

  private final UnitAttentions attentions = new UnitAttentions();

  @Test
  void everyNexusHasItsOwnAndTheResetComesFirst() {
    attentions.attach(A);
    attentions.establish(UnitAttention.ACCESS_STATE_CHANGED);
    attentions.attach(B);

    assertEquals(Optional.of(UnitAttention.POWER_ON), attentions.take(A));
    assertEquals(Optional.of(UnitAttention.ACCESS_STATE_CHANGED), attentions.take(A));
    assertEquals(Optional.empty(), attentions.take(A));
    assertEquals(Optional.of(UnitAttention.POWER_ON), attentions.take(B));
    assertEquals(Optional.empty(), attentions.take(B));
  }

  @Test
  void aConditionThatIsPendingIsNotQueuedAgain() {
    attentions.attach(A);
    attentions.take(A);
    attentions.establish(UnitAttention.ACCESS_STATE_CHANGED);
    attentions.establish(UnitAttention.ACCESS_STATE_CHANGED);

    assertEquals(Optional.of(UnitAttention.ACCESS_STATE_CHANGED), attentions.take(A));
    assertEquals(Optional.empty(), attentions.take(A));
  }

  @Test
  void whoCausedAConditionIsNotTold() {
    attentions.attach(A);
    attentions.attach(B);
    attentions.take(A);
    attentions.take(B);
    attentions.establishForOthers(UnitAttention.MODE_PARAMETERS_CHANGED, A);

    assertEquals(Optional.empty(), attentions.take(A));
    assertEquals(Optional.of(UnitAttention.MODE_PARAMETERS_CHANGED), attentions.take(B));
  }

  @Test
  void aNexusThatIsGoneHasNoneAndHidesNobodyElses() {
    attentions.attach(A);
    attentions.attach(B);
    attentions.detach(A);
    attentions.establish(UnitAttention.DEVICE_RESET, A);

    assertEquals(Optional.empty(), attentions.take(A));
    assertEquals(Optional.of(UnitAttention.POWER_ON), attentions.take(B));
  }
}
