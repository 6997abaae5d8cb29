package io.moongate.cluster.portal;

import io.moongate.cluster.membership.ServingLease;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.View;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deals with portal addresses that change hosts: those of failed gateways ({@link Takeover}), and
 * this one's own after it has failed ({@link OwnPortals}). One thread of its own does it: should it
 * stand still, the kernel removes what it has added.
 */
public final class PortalTakeover implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortalTakeover.class);
  private static final Duration LOOK = Duration.ofMillis(100);

  /** Beyond what a holder takes that is gone: by then the addresses are nobody else's. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration END_BOUND = Duration.ofSeconds(2);

  private final View view;
  private final Takeover takeover;
  private final OwnPortals own;
  private final PortalLink link;
  private final CompletableFuture<Void> free = new CompletableFuture<>();
  private final Thread thread;
  private final long patientUntil;
  private volatile boolean closed;

  /**
   * Begins.
   *
   * @param self name of this gateway, which has registered
   * @param incarnation its process
   */
  public PortalTakeover(
      String self,
      String incarnation,
      Takeover.Settings settings,
      View view,
      ServingLease lease,
      PortalLink link,
      Takeover.Entities entities) {
    this.view = view;
    this.link = link;
    this.takeover =
        new Takeover(
            self,
            incarnation,
            settings,
            () -> lease.coversNanos(System.nanoTime()),
            link,
            entities);
    this.own = new OwnPortals(self, incarnation, settings, link, entities);
    this.patientUntil = System.nanoTime() + settings.gone().plus(PATIENCE).toNanos();
    this.thread = new Thread(this::run, "portal-takeover");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Completed when no other gateway holds an address of this one's portals: they may be opened
   * then. Or when that has taken longer than any address lasts that is not prolonged.
   */
  public CompletionStage<Void> free() {
    return free.copy();
  }

  /** The portals are open. */
  public void opened(List<String> addresses) {
    try {
      synchronized (takeover) {
        own.opened(addresses, System.nanoTime());
      }
    } catch (IOException failure) {
      LOG.warn("event=portals-not-announced reason=\"{}\"", failure.toString());
    }
  }

  private void run() {
    while (!closed) {
      try {
        look();
      } catch (RuntimeException | LinkageError failure) {
        LOG.error("event=portal-takeover-failed", failure); // It would not be looked at ever again.
      }
      try {
        Thread.sleep(LOOK.toMillis());
      } catch (InterruptedException interrupted) {
        return;
      }
    }
  }

  private void look() {
    // Removed ones are of interest too.
    Collection<GatewayEntry> gateways = view.everyGateway();
    long now = System.nanoTime();
    synchronized (takeover) {
      if (closed) {
        return;
      }
      takeover.look(gateways, now);
      try {
        boolean alone = own.look(gateways, now);
        if (!free.isDone() && (alone || now - patientUntil >= 0)) {
          if (!alone) {
            LOG.warn("event=portals-still-held reason=\"its holder has not given them up\"");
          }
          free.complete(null);
        }
      } catch (IOException failure) {
        LOG.warn("event=portals-not-announced reason=\"{}\"", failure.toString());
      }
    }
  }

  /** Gives up what is held. */
  @Override
  public void close() {
    synchronized (takeover) {
      if (!closed) {
        closed = true;
        takeover.end(view.everyGateway(), System.nanoTime());
      }
    }
    thread.interrupt();
    try {
      thread.join(END_BOUND.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    link.close();
  }
}
