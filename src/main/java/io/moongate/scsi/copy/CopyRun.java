package io.moongate.scsi.copy;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.CopyProgress;
import io.moongate.scsi.sense.CopyProgress.Reported;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.SenseKey;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.NotExecuted;
import io.moongate.volume.VolumeGeometry;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One EXTENDED COPY under way: its segments one after the other. It ends only when no command of it
 * is under way any more, so that nothing is written once it was answered, or its abort was.
 */
final class CopyRun {
  private static final int NO_ADDITIONAL_SENSE = 0x0000;
  private static final int UNREACHABLE_COPY_TARGET = 0x0804;
  private static final int THIRD_PARTY_DEVICE_FAILURE = 0x0D01;
  private static final int COPY_TARGET_DEVICE_NOT_REACHABLE = 0x0D02;
  private static final int INCORRECT_COPY_TARGET_DEVICE_TYPE = 0x0D03;
  private static final int COPY_TARGET_DEVICE_DATA_UNDERRUN = 0x0D04;
  private static final int INVALID_FIELD_IN_PARAMETER_LIST = 0x2600;
  private static final int UNEXPECTED_INEXACT_SEGMENT = 0x260A;

  private static final int SKSV = 0x80 << 16;
  private static final int IN_SEGMENT_DESCRIPTOR = 0x20 << 16;

  private final CopyManager manager;
  private final Command command;
  private final ParameterList list;
  private final int maxTransfer;
  private final CopyState state;
  private final CopyCommands commands;
  private final CompletableFuture<Response> outcome = new CompletableFuture<>();

  CopyRun(
      CopyManager manager,
      Command command,
      ParameterList list,
      int maxTransfer,
      Execution execution,
      CopyState state) {
    this.manager = manager;
    this.command = command;
    this.list = list;
    this.maxTransfer = maxTransfer;
    this.state = state;
    this.commands = new CopyCommands(manager.shared(), command, execution);
  }

  /**
   * Begins.
   *
   * @return fails with {@link CheckCondition}, or with {@link NotExecuted} when the host may simply
   *     ask again
   */
  CompletionStage<Response> start() {
    manager.shared().executor().execute(() -> segment(0));
    return outcome;
  }

  private void segment(int index) {
    state.segmentsDone(index);
    if (index == list.segments().size()) {
      outcome.complete(Response.good(list.length()));
      return;
    }
    try {
      SegmentDescriptor descriptor = list.segments().get(index);
      SegmentCopy copy = resolve(descriptor);
      copy.start(
          stop ->
              stop.ifPresentOrElse(
                  why -> stopped(descriptor, copy, why), () -> segment(index + 1)));
    } catch (RuntimeException | Error failure) {
      outcome.completeExceptionally(failure);
    }
  }

  // ---- what a segment asks for

  private SegmentCopy resolve(SegmentDescriptor segment) {
    CopyParty source = party(segment, segment.source(), SegmentDescriptor.SOURCE_AT);
    CopyParty destination = party(segment, segment.destination(), SegmentDescriptor.DESTINATION_AT);
    int from = source.geometry().blockSize();
    int to = destination.geometry().blockSize();
    long bytes = segment.count();
    if (!segment.bytesGiven()) {
      bytes *= segment.ofDestination() ? to : from;
    }
    if (bytes > manager.shared().settings().maxSegmentLength()) {
      throw wrong(segment, INVALID_FIELD_IN_PARAMETER_LIST, segment.countAt());
    }
    if (segment.sourceOffset() != 0) {
      throw wrong(segment, INVALID_FIELD_IN_PARAMETER_LIST, SegmentDescriptor.SOURCE_OFFSET_AT);
    }
    if (segment.destinationOffset() != 0) {
      throw wrong(
          segment, INVALID_FIELD_IN_PARAMETER_LIST, SegmentDescriptor.DESTINATION_OFFSET_AT);
    }
    if (bytes % from != 0 || bytes % to != 0) {
      throw wrong(segment, UNEXPECTED_INEXACT_SEGMENT, segment.countAt());
    }
    checkRange(segment, source, segment.sourceLba(), bytes, SegmentDescriptor.SOURCE_LBA_AT);
    checkRange(
        segment,
        destination,
        segment.destinationLba(),
        bytes,
        SegmentDescriptor.DESTINATION_LBA_AT);
    int piece = Math.min(manager.shared().settings().pieceSize(), maxTransfer);
    int largest = Math.max(from, to);
    return new SegmentCopy(
        commands,
        source,
        segment.sourceLba() * from,
        destination,
        segment.destinationLba() * to,
        bytes,
        Math.max(1, piece / largest) * largest,
        manager.shared().settings().piecesInFlight(),
        state);
  }

  private CopyParty party(SegmentDescriptor segment, int index, int at) {
    if (index >= list.cscds().size()) {
      throw wrong(segment, UNREACHABLE_COPY_TARGET, at);
    }
    CscdDescriptor cscd = list.cscds().get(index);
    if (cscd.deviceType() != 0) {
      throw aborted(segment, INCORRECT_COPY_TARGET_DEVICE_TYPE, SKSV | cscd.at());
    }
    if (cscd.naa().isEmpty()) {
      throw aborted(segment, COPY_TARGET_DEVICE_NOT_REACHABLE, SKSV | cscd.at());
    }
    CopyParty party =
        manager
            .find(command.nexus(), cscd.naa().get())
            .orElseThrow(
                () -> aborted(segment, COPY_TARGET_DEVICE_NOT_REACHABLE, SKSV | cscd.at()));
    if (cscd.blockLength() != 0 && cscd.blockLength() != party.geometry().blockSize()) {
      int field = cscd.at() + CscdDescriptor.BLOCK_LENGTH_AT;
      throw aborted(segment, INVALID_FIELD_IN_PARAMETER_LIST, SKSV | field);
    }
    return party;
  }

  private void checkRange(
      SegmentDescriptor segment, CopyParty party, long lba, long bytes, int at) {
    VolumeGeometry geometry = party.geometry();
    long capacity = geometry.size() / geometry.blockSize();
    if (lba < 0 || lba > capacity || bytes / geometry.blockSize() > capacity - lba) {
      throw wrong(segment, NO_ADDITIONAL_SENSE, at);
    }
  }

  /** A field of the segment descriptor is wrong. */
  private CheckCondition wrong(SegmentDescriptor segment, int additional, int at) {
    return aborted(segment, additional, SKSV | IN_SEGMENT_DESCRIPTOR | at);
  }

  private CheckCondition aborted(SegmentDescriptor segment, int additional, int specific) {
    Sense sense =
        Sense.of(SenseKey.COPY_ABORTED, additional)
            .withSpecific(specific)
            .with(new CopyProgress(segment.index(), Optional.empty()));
    return new CheckCondition(sense, list.length());
  }

  // ---- a segment that was not copied to its end

  private void stopped(SegmentDescriptor segment, SegmentCopy copy, SegmentCopy.Stop stop) {
    if (stop.temporary() && state.bytes() == 0 && copy.repeatable()) {
      // Nothing was copied, so it is as if it had not begun: a host that asks again loses nothing.
      outcome.completeExceptionally(NotExecuted.INSTANCE);
      return;
    }
    if (stop.failure().isPresent()) {
      outcome.completeExceptionally(stop.failure().orElseThrow());
      return;
    }
    int additional =
        stop.response()
            .map(
                response ->
                    response.status() == Status.GOOD
                        ? COPY_TARGET_DEVICE_DATA_UNDERRUN
                        : THIRD_PARTY_DEVICE_FAILURE)
            .orElse(NO_ADDITIONAL_SENSE);
    Optional<Reported> reported =
        stop.response()
            .filter(response -> response.status() != Status.GOOD)
            .map(response -> new Reported(stop.bySource(), response.status(), response.sense()));
    Sense sense =
        Sense.of(SenseKey.COPY_ABORTED, additional)
            .with(new CopyProgress(segment.index(), reported));
    if (stop.response().isPresent()) {
      int cscd = stop.bySource() ? segment.source() : segment.destination();
      sense = sense.withSpecific(SKSV | list.cscds().get(cscd).at());
    }
    if (copy.wrote()) {
      sense = sense.withInformation(copy.residualBlocks());
    }
    outcome.completeExceptionally(new CheckCondition(sense, list.length()));
  }
}
