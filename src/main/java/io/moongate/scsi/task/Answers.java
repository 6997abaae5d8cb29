package io.moongate.scsi.task;

import io.moongate.measure.Counts;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.volume.VolumeException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;

/**
 * What a command ends with that has failed. A failure that another attempt may mend, now or through
 * another gateway, is BUSY and so never reaches an application; sense data is for what is final.
 */
public final class Answers {
  private static final Logger LOG = System.getLogger(Answers.class.getName());
  private static final Response BUSY = Response.status(Status.BUSY);

  private final String unit;
  private final BooleanSupplier descriptorFormat;
  private final boolean transitionSense;
  private final BooleanSupplier elsewhere;
  private final Counts storeFailures = new Counts();
  private final Seldom full = new Seldom(System::nanoTime);
  private final Seldom unavailable = new Seldom(System::nanoTime);

  /**
   * @param unit the unit's id, for the log
   * @param descriptorFormat the format of sense data for the unit's own nexuses (D_SENSE)
   * @param transitionSense whether a command that was held until its deadline is answered NOT
   *     READY, asymmetric access state transition, instead of BUSY
   * @param elsewhere whether the unit may be about to be served by another gateway, for the sake of
   *     its store here: then a failure of that is not final
   */
  public Answers(
      String unit,
      BooleanSupplier descriptorFormat,
      boolean transitionSense,
      BooleanSupplier elsewhere) {
    this.unit = unit;
    this.descriptorFormat = descriptorFormat;
    this.transitionSense = transitionSense;
    this.elsewhere = elsewhere;
  }

  /**
   * The response for a failure.
   *
   * @param wrote whether the command was to change the medium
   * @param relayed whether another gateway converts the sense data; it gets the richer format
   */
  public Response failed(Throwable failure, boolean wrote, boolean relayed) {
    return failed(failure, wrote, false, relayed);
  }

  /** The response for a failure of an operation on the medium. */
  Response failed(Throwable failure, MediumOperation operation, boolean relayed) {
    return failed(failure, operation.writes(), operation.repeatable(), relayed);
  }

  private Response failed(Throwable failure, boolean wrote, boolean repeatable, boolean relayed) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof CheckCondition condition) {
      byte[] sense = encode(condition.sense(), relayed);
      return Response.checkCondition(sense, condition.dataOutWanted());
    }
    if (cause instanceof NotExecuted) {
      return BUSY;
    }
    if (cause instanceof VolumeException store) {
      return ofStore(store, wrote, repeatable, relayed);
    }
    if (cause instanceof OutOfMemoryError) {
      LOG.log(Level.ERROR, "unit " + unit + ": no memory for a command", cause);
      return BUSY;
    }
    LOG.log(Level.ERROR, "unit " + unit + ": a command failed unexpectedly", failure);
    return condition(Sense.INTERNAL_TARGET_FAILURE, relayed);
  }

  private Response ofStore(
      VolumeException store, boolean wrote, boolean repeatable, boolean relayed) {
    storeFailures.add(store.reason().name().toLowerCase(Locale.ROOT));
    return switch (store.reason()) {
      case FULL -> {
        say(full, "the store is full", store);
        yield condition(Sense.SPACE_ALLOCATION_FAILED, relayed);
      }
      case IO -> {
        boolean passing = repeatable && elsewhere.getAsBoolean();
        LOG.log(
            Level.ERROR,
            "unit " + unit + ": the medium failed" + (passing ? " for this gateway" : ""),
            store);
        yield passing ? BUSY : condition(wrote ? Sense.WRITE_ERROR : Sense.READ_ERROR, relayed);
      }
      case LOST -> {
        LOG.log(Level.ERROR, "unit " + unit + ": the medium has lost something", store);
        yield condition(wrote ? Sense.WRITE_ERROR : Sense.READ_ERROR, relayed);
      }
      case FENCED -> {
        LOG.log(
            Level.WARNING,
            "unit " + unit + ": the store has seen a newer epoch: " + store.getMessage());
        yield BUSY;
      }
      case UNAVAILABLE -> {
        // Its host repeats it for as long as that lasts, and somebody has to know why.
        say(unavailable, "the store can't be reached", store);
        yield BUSY;
      }
      case OVERLOADED, CLOSED -> BUSY;
      case RANGE -> condition(Sense.LBA_OUT_OF_RANGE, relayed);
      case NOT_FOUND, EXISTS, IN_USE, UNSUPPORTED -> {
        LOG.log(Level.ERROR, "unit " + unit + ": the store failed unexpectedly", store);
        yield condition(Sense.INTERNAL_TARGET_FAILURE, relayed);
      }
    };
  }

  /** How many operations of the store have failed, by the reason. */
  Map<String, Long> storeFailures() {
    return storeFailures.read();
  }

  private void say(Seldom seldom, String what, VolumeException store) {
    long times = seldom.happened();
    if (times > 0) {
      LOG.log(
          Level.WARNING,
          "unit %s: %s: %s (commands since this was said last: %d)"
              .formatted(unit, what, store.getMessage(), times));
    }
  }

  /**
   * The owner sends sense data in the richer format; the host gets the one it has set here. Does
   * not throw, whatever was sent.
   */
  Response fromOwner(Response response) {
    if (response.status() != Status.CHECK_CONDITION) {
      return response;
    }
    byte[] sense =
        Sense.decode(response.sense())
            .map(decoded -> encode(decoded, false))
            .orElse(response.sense());
    return new Response(
        response.status(), sense, response.dataIn(), response.dataOutWanted(), response.used());
  }

  /** For a command that was held, and nobody began to serve until its deadline. */
  Response heldTooLong(boolean relayed) {
    return transitionSense && !relayed ? condition(Sense.TRANSITION, false) : BUSY;
  }

  private Response condition(Sense sense, boolean relayed) {
    return Response.checkCondition(encode(sense, relayed));
  }

  private byte[] encode(Sense sense, boolean relayed) {
    return sense.encode(relayed || descriptorFormat.getAsBoolean());
  }
}
