package io.moongate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.audit.JournalCommand;
import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void commandsOfTheJournalAreThere() {
    Main.OF_JOURNAL.forEach(word -> assertTrue(JournalCommand.knows(word), word));
  }
}
