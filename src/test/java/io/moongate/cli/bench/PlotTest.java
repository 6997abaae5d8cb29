package io.moongate.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.bench.load.Operation;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The plot is a well-formed picture of every ratio. */
class PlotTest {
  private static Score score(String name, Double... rates) {
    return new Score(name, List.of(rates), List.of(), List.of());
  }

  @Test
  void everyRatioHasABarAsLongAsItIs() throws Exception {
    Map<Cell, List<Score>> scores = new LinkedHashMap<>();
    List<Score> twice =
        List.of(score("moongate", 200.0, 220.0, 240.0), score("tgt", 100.0, 110.0, 120.0));
    List<Score> half =
        List.of(score("moongate", 50.0, 60.0, 40.0), score("tgt", 100.0, 100.0, 100.0));
    scores.put(new Cell(Operation.READ, 4096, 1), twice);
    scores.put(new Cell(Operation.WRITE, 1 << 20, 128), half);
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(Plot.svg(scores).getBytes(StandardCharsets.UTF_8)));
    assertEquals("svg", document.getDocumentElement().getTagName());
    List<Integer> bars =
        elements(document, "rect").stream()
            .filter(bar -> bar.getAttribute("x").equals("430"))
            .map(bar -> Integer.parseInt(bar.getAttribute("width")))
            .toList();
    assertEquals(2, bars.size());
    assertEquals(4.0, bars.get(0) / (double) bars.get(1), 0.05);
    List<String> texts = elements(document, "text").stream().map(Element::getTextContent).toList();
    assertTrue(texts.contains("2.00 (2.00 to 2.00)"), texts::toString);
    assertTrue(texts.contains("0.50 (0.40 to 0.60)"), texts::toString);
    assertTrue(texts.contains("write of 1 MiB, 128 at a time"), texts::toString);
    assertTrue(texts.contains("than tgt"), texts::toString);
  }

  private static List<Element> elements(Document document, String name) {
    var nodes = document.getElementsByTagName(name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }
}
