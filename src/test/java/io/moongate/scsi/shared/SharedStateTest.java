package io.moongate.scsi.shared;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.scsi.Nexus;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What is shared is recorded: it has to come back as it was. */
class SharedStateTest {
  private final ObjectMapper mapper =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  private final SharedState state =
      SharedState.INITIAL
          .with(new ModeValues(true, true))
          .withSaved(new ModeValues(true, false))
          .withSanitizing(
              new Sanitizing(
                  Sanitizing.Method.OVERWRITE,
                  false,
                  true,
                  "a5",
                  3,
                  true,
                  1 << 20,
                  1,
                  512,
                  new Nexus("iqn.2026-01.io.host:a", 1, "iqn.2026-01.io.moongate:t", 2)))
          .as(7, "x");

  @Test
  void itComesBackAsItWas() throws IOException {
    byte[] bytes = mapper.writeValueAsBytes(state);
    assertEquals(state, mapper.readValue(bytes, SharedState.class));
  }

  @Test
  void whatWasRecordedBeforeThereWereSanitizeOperationsHasNone() throws IOException {
    ObjectNode old = mapper.valueToTree(state);
    old.remove("sanitizing");
    SharedState read = mapper.treeToValue(old, SharedState.class);
    assertNull(read.sanitizing());
    assertEquals(state.withSanitizing(null), read);
  }
}
