package io.moongate.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewChanges;
import io.moongate.cluster.view.ViewChanges.Change;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.ChangedLun;
import io.moongate.management.api.ChangesHello;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import io.moongate.management.api.Removed;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/** Changes of the view as server-sent events (HTML Living Standard, section 9.2). */
final class ChangeEvents {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final Pattern ID = Pattern.compile("([0-9a-f]{8})-(\\d{1,18})");
  static final ByteString HEARTBEAT = ByteString.fromString(": alive\n\n");

  private final Metadata metadata;
  private final ViewChanges changes;

  ChangeEvents(Metadata metadata) {
    this.metadata = metadata;
    this.changes = metadata.changes();
  }

  /**
   * The number after which to go on; empty when the client's last event is of another process, or
   * no id.
   */
  OptionalLong position(String lastEventId) {
    Matcher id = ID.matcher(lastEventId);
    return id.matches() && id.group(1).equals(changes.name())
        ? OptionalLong.of(Long.parseLong(id.group(2)))
        : OptionalLong.empty();
  }

  /** What is sent first. */
  ByteString hello(long number) {
    return rendered(number, List.of(new Event("hello", greeting(number))));
  }

  /** The client has to read everything anew. */
  ByteString reset(long number) {
    return rendered(number, List.of(new Event("reset", greeting(number))));
  }

  private ChangesHello greeting(long number) {
    return new ChangesHello(metadata.gateway(), number);
  }

  /** The events of a change: of the entity, and of what is under way with it. */
  ByteString of(Change change) {
    List<Event> events = new ArrayList<>();
    ViewEntry entry = change.entry();
    if (entry instanceof GatewayEntry gateway) {
      gateway(change, gateway, events);
    } else if (entry instanceof TargetEntry target) {
      events.add(
          target.deleted()
              ? removed("target", target.name())
              : new Event("target", Resources.target(target, metadata.view())));
    } else if (entry instanceof UnitEntry unit) {
      unit(change, unit, events);
    }
    return rendered(change.number(), events);
  }

  private void gateway(Change change, GatewayEntry entry, List<Event> events) {
    boolean removed = entry.state() == GatewayEntry.State.REMOVED;
    events.add(
        removed
            ? removed("gateway", entry.name())
            : new Event("gateway", Resources.gateway(metadata, entry)));
    operation(
        change,
        removed ? Optional.empty() : Operations.drain(entry, metadata.view()),
        Operations.idOfDrain(entry.name()),
        events);
  }

  private void unit(Change change, UnitEntry entry, List<Event> events) {
    events.add(
        entry.deleted()
            ? removed("lun", entry.id())
            : new Event("lun", new ChangedLun(Resources.unit(metadata, entry), paths(entry))));
    operation(
        change,
        entry.deleted() ? Optional.empty() : Operations.of(entry),
        Operations.idOfUnit(entry.id()),
        events);
  }

  /** The paths of a unit as it is by an entry, which need not be the newest. */
  private List<Path> paths(UnitEntry entry) {
    View view = metadata.view();
    View part = new View();
    view.gateways().forEach(part::apply);
    view.targetsOf(entry.id()).forEach(part::apply);
    part.apply(entry);
    return Resources.mappings(part, entry.id()).stream()
        .flatMap(
            at ->
                Resources.paths(
                    part, Optional.of(at.target()), OptionalInt.of(at.lun()), Optional.empty()))
        .toList();
  }

  private static void operation(
      Change change, Optional<Operation> now, String id, List<Event> events) {
    if (now.isPresent()) {
      events.add(new Event("operation", now.get()));
    } else if (change.operationEnded()) {
      events.add(removed("operation", id));
    }
  }

  private static Event removed(String kind, String id) {
    return new Event("removed", new Removed(kind, id));
  }

  private record Event(String kind, Object data) {}

  /** The id stands with the last of them: whoever has that has them all. */
  private ByteString rendered(long number, List<Event> events) {
    ByteStringBuilder text = ByteString.createBuilder();
    for (Iterator<Event> each = events.iterator(); each.hasNext(); ) {
      Event event = each.next();
      String id = each.hasNext() ? "" : "id: %s-%d\n".formatted(changes.name(), number);
      text.append(ByteString.fromString("event: %s\n%sdata: ".formatted(event.kind(), id)));
      try {
        text.putBytes(JSON.writeValueAsBytes(event.data()));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
      text.append(ByteString.fromString("\n\n"));
    }
    return text.result();
  }
}
