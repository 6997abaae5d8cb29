package io.moongate.session;

import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.LogicalTextDataSegment;
import io.moongate.wire.LoginStage;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.Pdu;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TextKeys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.pekko.util.ByteString;

/**
 * The login phase of a connection (RFC 7143 section 6). Pure: requests in, responses into the send
 * queue.
 *
 * <pre>
 *  FIRST ──request with CSG 0──▶ SECURITY ──T, NSG 1──▶ OPERATIONAL ──T, NSG 3──▶ GRANTED
 *    │                              └────────T, NSG 3───────────────────────────────▲ │
 *    └──request with CSG 1─────────────────────────────▶ OPERATIONAL                │ │
 *  GRANTED ──finish──▶ the last response is queued, full feature phase                │ │
 *  any ──an error──▶ REFUSED: a response with the status is queued, then the end ◀──┘
 * </pre>
 *
 * Within a stage, a request with the C bit is collected and answered empty; an answer that is
 * longer than a data segment is sent in parts, each asked for by an empty request. A T bit that
 * comes before {@link SecurityNegotiation} is finished is answered without one: the stage goes on.
 */
final class LoginPhase {
  private static final int VERSION = 0x00;
  private static final int MAX_REQUESTS = 64;

  /** Keys in a login, so that the answers to unknown ones stay short; the standard has 40. */
  private static final int MAX_KEYS = 1000;

  private static final int SEGMENT = OperationalParameters.DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH;

  /** Declarations of who logs in to what. */
  private static final List<String> IDENTIFYING =
      List.of("InitiatorName", "InitiatorAlias", "SessionType", "TargetName");

  private final SessionSettings settings;
  private final TargetDirectory directory;
  private final SessionRegistry registry;
  private final SendQueue out;

  private final Map<String, String> identity = new HashMap<>();
  private LoginRequest first;
  private CommandWindow<Sequenced> window;
  private int requests;
  private int stage;
  private final LogicalTextDataSegment text = new LogicalTextDataSegment();
  private final Deque<ByteString> answer = new ArrayDeque<>();
  private boolean answering;
  private Negotiation negotiation;
  private SecurityNegotiation security;
  private int keyCount;
  private boolean declared;
  private String initiatorName = "";
  private String initiatorAlias = "";
  private Optional<TargetDevice> target = Optional.empty();
  private String targetName = "";
  private LoginRequest granted;
  private long held;
  private Optional<LoginStatus> refused = Optional.empty();
  private String refusal = "";

  /**
   * What a login came to.
   *
   * @param tsih of the session to join; 0 for a new one
   * @param window of a new session
   */
  record Granted(
      String initiatorName,
      String initiatorAlias,
      long isid,
      int tsih,
      int cid,
      Optional<TargetDevice> target,
      OperationalParameters parameters,
      CommandWindow<Sequenced> window) {}

  LoginPhase(
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry,
      SendQueue out) {
    this.settings = settings;
    this.directory = directory;
    this.registry = registry;
    this.out = out;
  }

  /**
   * Takes a request.
   *
   * @return what was agreed, when this request ends the negotiation; then {@link #finish} is due
   */
  Optional<Granted> received(LoginRequest request) {
    if (refused()) {
      return Optional.empty();
    }
    try {
      return step(request);
    } catch (LoginRefused e) {
      refuse(request, e.status(), e.getMessage(), e.text());
    } catch (ProtocolException e) {
      refuse(request, LoginStatus.INITIATOR_ERROR, e.getMessage(), TextKeys.none());
    }
    return Optional.empty();
  }

  /** Any PDU but a Login Request ends the login (section 11.13.5). */
  void receivedOther(int initiatorTaskTag) {
    end(initiatorTaskTag, LoginStatus.INVALID_DURING_LOGIN, "not a Login Request");
  }

  /** Bytes that are no valid PDU. */
  void malformed(ProtocolException error) {
    boolean login = error.opcode().orElse(-1) == LoginRequest.OPCODE;
    end(
        error.initiatorTaskTag().orElse(Pdu.RESERVED_TAG),
        login ? LoginStatus.INITIATOR_ERROR : LoginStatus.INVALID_DURING_LOGIN,
        error.getMessage());
  }

  private void end(int initiatorTaskTag, LoginStatus status, String reason) {
    if (!refused()) {
      refuse(first == null ? nothing(initiatorTaskTag) : first, status, reason, TextKeys.none());
    }
  }

  /** Queues the last response: the connection is in full feature phase. */
  void finish(int tsih) {
    sendPart(granted, tsih);
    close();
  }

  /** Refuses a login that was granted, because the gateway can't take it. */
  void refuseGranted(LoginStatus status, String reason) {
    refuse(granted, status, reason, TextKeys.none());
  }

  boolean refused() {
    return refused.isPresent();
  }

  /** The status that it was refused with; empty when it was not. */
  Optional<LoginStatus> refusedWith() {
    return refused;
  }

  /** Why it was refused, and who. */
  String refusal() {
    return refusal;
  }

  private Optional<Granted> step(LoginRequest request) throws LoginRefused {
    check(request);
    if (answering) {
      if (request.continued() || !request.data().isEmpty()) {
        throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "text while an answer is in parts");
      }
      return proceed(request);
    }
    text.add(request.data());
    if (request.continued()) {
      hold(text.length());
      sendPart(request, request.tsih());
      return Optional.empty();
    }
    Map<String, String> keys = keys();
    List<TextKeys.Pair> answers = new ArrayList<>();
    if (security == null) {
      for (String key : IDENTIFYING) {
        if (keys.containsKey(key)) {
          identity.put(key, keys.get(key));
        }
      }
      identify(request, keys, answers);
    } else {
      // A second declaration is a mistake (section 6.3), but a widespread initiator says all of
      // this
      // again in the next stage when its offer of CHAP was declined. What is the same is no harm.
      identity.forEach(keys::remove);
    }
    for (String key : keys.keySet()) {
      negotiation.once(key);
    }
    if (stage == LoginStage.SECURITY_NEGOTIATION.code()) {
      answers.addAll(security.received(keys));
    }
    // What MaxBurstLength comes to bounds FirstBurstLength (section 13.14).
    negotiate(keys, "MaxBurstLength"::equals, answers);
    negotiate(keys, key -> !key.equals("MaxBurstLength"), answers);
    if (stage == LoginStage.LOGIN_OPERATIONAL_NEGOTIATION.code() && !declared) {
      declared = true;
      put(
          answers,
          "MaxRecvDataSegmentLength",
          Integer.toString(negotiation.declareMaxRecvDataSegmentLength()));
    }
    ByteString whole = new TextKeys(answers).format();
    hold(whole.size() > SEGMENT ? whole.size() : 0);
    answer.addAll(LogicalTextDataSegment.split(whole, SEGMENT));
    return proceed(request);
  }

  /**
   * Holds as much text from now on. A usual login never does: only one that goes on in another
   * request, or is answered in several parts. All such logins together are bounded.
   */
  private void hold(long bytes) throws LoginRefused {
    if (!registry.budget().logins.hold(held, bytes)) {
      throw new LoginRefused(
          LoginStatus.OUT_OF_RESOURCES, "too much text in logins that are not finished");
    }
    held = bytes;
  }

  /** The login is over, in whatever way: gives back what it held. */
  void close() {
    text.take();
    answer.clear();
    registry.budget().logins.hold(held, 0);
    held = 0;
  }

  private Map<String, String> keys() throws LoginRefused {
    Map<String, String> keys = new LinkedHashMap<>();
    for (TextKeys.Pair pair : TextKeys.parse(text.take()).pairs()) {
      keys.put(pair.key(), pair.value());
    }
    keyCount += keys.size();
    if (keyCount > MAX_KEYS) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "more than " + MAX_KEYS + " keys");
    }
    return keys;
  }

  private void check(LoginRequest request) throws LoginRefused {
    if (request.versionMin() > VERSION) {
      throw new LoginRefused(LoginStatus.UNSUPPORTED_VERSION, "only version 0 is supported");
    }
    if (first == null) {
      first = Kept.withoutData(request);
      stage = request.currentStage();
      window =
          request.tsih() == 0
              ? new CommandWindow<>(request.cmdSn(), settings.queueDepth())
              : CommandWindow.unnumbered(request.cmdSn());
      out.numberBy(window);
    }
    boolean same =
        request.isid() == first.isid()
            && request.tsih() == first.tsih()
            && request.cid() == first.cid()
            && request.initiatorTaskTag() == first.initiatorTaskTag()
            && request.cmdSn() == first.cmdSn();
    if (!same) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "a request of another login");
    }
    if (granted != null || ++requests > MAX_REQUESTS) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "too many requests in a login");
    }
    boolean stageKnown =
        stage == LoginStage.SECURITY_NEGOTIATION.code()
            || stage == LoginStage.LOGIN_OPERATIONAL_NEGOTIATION.code();
    if (!stageKnown || request.currentStage() != stage) {
      throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "CSG " + request.currentStage());
    }
    if (request.transit()) {
      boolean onward =
          request.nextStage() > stage && LoginStage.of(request.nextStage()).isPresent();
      if (!onward || request.continued()) {
        throw new LoginRefused(LoginStatus.INITIATOR_ERROR, "NSG " + request.nextStage());
      }
    }
  }

  /** Who logs in to what: the keys that must come with the first request (section 6.3). */
  private void identify(LoginRequest request, Map<String, String> keys, List<TextKeys.Pair> answers)
      throws LoginRefused {
    initiatorName = IscsiName.of("InitiatorName", keys.remove("InitiatorName"));
    String alias = keys.remove("InitiatorAlias");
    initiatorAlias = alias == null ? "" : IscsiName.shown(alias);
    String type = keys.remove("SessionType");
    if (type != null && !type.equals("Normal") && !type.equals("Discovery")) {
      throw new LoginRefused(
          LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "SessionType " + LoginRefused.quoted(type));
    }
    boolean discovery = "Discovery".equals(type);
    String given = keys.remove("TargetName");
    if (!discovery) {
      targetName = IscsiName.of("TargetName", given);
      target =
          directory
              .target(given, initiatorName)
              .or(() -> directory.target(targetName, initiatorName));
      if (target.isEmpty()) {
        throw new LoginRefused(LoginStatus.NOT_FOUND, "no such target on this gateway");
      }
    }
    security =
        SecurityNegotiation.admit(
            directory,
            target.map(TargetDevice::name),
            initiatorName,
            request.tsih() == 0,
            settings.chap());
    if (stage != LoginStage.SECURITY_NEGOTIATION.code()) {
      security.skipped();
    }
    negotiation = new Negotiation(settings, discovery);
    for (String key : new String[] {"InitiatorName", "SessionType", "TargetName"}) {
      negotiation.once(key);
    }
    if (request.tsih() != 0) {
      negotiation.join(session(request));
    }
    if (target.isPresent()) {
      put(answers, "TargetPortalGroupTag", Integer.toString(target.get().portalGroupTag()));
      if (!settings.targetAlias().isEmpty()) {
        put(answers, "TargetAlias", settings.targetAlias());
      }
    }
  }

  /**
   * What the session that a login wants to join has agreed on (section 6.3.1). Whether it still may
   * join is asked again when its login ends.
   */
  private OperationalParameters session(LoginRequest request) throws LoginRefused {
    LiveSession live =
        registry
            .find(initiatorName, request.isid(), target.map(TargetDevice::name), request.tsih())
            .orElseThrow(() -> noSession(request));
    boolean otherPortalGroup =
        live.nexus().isPresent()
            && live.nexus().get().portalGroupTag() != target.orElseThrow().portalGroupTag();
    if (otherPortalGroup) {
      throw new LoginRefused(
          LoginStatus.CANNOT_INCLUDE_IN_SESSION, "the session is of another portal group");
    }
    SessionConnections connections = live.connections().orElseThrow(() -> noSession(request));
    Optional<LoginStatus> refused = connections.refuses(request.cid());
    if (refused.isPresent()) {
      throw new LoginRefused(
          refused.get(),
          "the session takes no further connection, MaxConnections is "
              + connections.parameters().maxConnections());
    }
    return connections.parameters();
  }

  private static LoginRefused noSession(LoginRequest request) {
    return new LoginRefused(
        LoginStatus.SESSION_DOES_NOT_EXIST, "no such session: TSIH " + request.tsih());
  }

  private void negotiate(
      Map<String, String> keys, Predicate<String> selected, List<TextKeys.Pair> answers)
      throws LoginRefused {
    for (Map.Entry<String, String> entry : keys.entrySet()) {
      String key = entry.getKey();
      if (!selected.test(key)) {
        continue;
      }
      if (stage == LoginStage.SECURITY_NEGOTIATION.code() && Negotiation.isOperational(key)) {
        throw new LoginRefused(
            LoginStatus.INITIATOR_ERROR, key + " in the security stage (section 12)");
      }
      Optional<String> result =
          switch (key) {
            // What the security stage did not take comes too late.
            case "AuthMethod", "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R" ->
                Optional.of(Negotiation.REJECT);
            case "InitiatorAlias" -> Optional.empty();
            default -> negotiation.answer(key, entry.getValue());
          };
      result.ifPresent(value -> put(answers, key, value));
    }
  }

  /** Sends what fits of the answer; the last part may pass on to the next stage. */
  private Optional<Granted> proceed(LoginRequest request) throws LoginRefused {
    boolean toFullFeature =
        answer.size() <= 1
            && passesOn(request)
            && request.nextStage() == LoginStage.FULL_FEATURE_PHASE.code();
    if (toFullFeature) {
      security.recheck();
      OperationalParameters parameters = negotiation.result();
      granted = Kept.withoutData(request);
      return Optional.of(
          new Granted(
              initiatorName,
              initiatorAlias,
              request.isid(),
              request.tsih(),
              request.cid(),
              target,
              parameters,
              window));
    }
    sendPart(request, request.tsih());
    return Optional.empty();
  }

  /** Whether the initiator wants to leave the stage, and may. */
  private boolean passesOn(LoginRequest request) {
    return request.transit() && security.finished();
  }

  private void sendPart(LoginRequest request, int tsih) {
    ByteString part = answer.isEmpty() ? ByteString.emptyByteString() : answer.poll();
    answering = !answer.isEmpty();
    if (!answering && !request.continued()) {
      close();
    }
    boolean continued = answering;
    boolean transit = !answering && !request.continued() && passesOn(request);
    int current = stage;
    int next = transit ? request.nextStage() : 0;
    stage = transit ? next : stage;
    out.add(
        n ->
            new LoginResponse(
                transit,
                continued,
                current,
                next,
                VERSION,
                VERSION,
                request.isid(),
                tsih,
                request.initiatorTaskTag(),
                n.takeStatSn(),
                n.expCmdSn(),
                n.maxCmdSn(),
                LoginStatus.SUCCESS.statusClass(),
                LoginStatus.SUCCESS.detail(),
                part));
  }

  private void refuse(LoginRequest request, LoginStatus status, String reason, TextKeys answer) {
    close();
    refused = Optional.of(status);
    registry.counts().login(status);
    refusal =
        "login%s%s refused (status %02x%02x): %s"
            .formatted(
                initiatorName.isEmpty() ? "" : " of " + initiatorName,
                targetName.isEmpty() ? "" : " to " + targetName,
                status.statusClass(),
                status.detail(),
                reason);
    out.add(
        n ->
            new LoginResponse(
                false,
                false,
                request.currentStage(),
                0,
                VERSION,
                VERSION,
                request.isid(),
                request.tsih(),
                request.initiatorTaskTag(),
                n.statSn(),
                n.expCmdSn(),
                n.maxCmdSn(),
                status.statusClass(),
                status.detail(),
                answer.format()));
  }

  private static void put(List<TextKeys.Pair> answers, String key, String value) {
    answers.add(new TextKeys.Pair(key, value));
  }

  private static LoginRequest nothing(int initiatorTaskTag) {
    return new LoginRequest(
        false,
        false,
        0,
        0,
        VERSION,
        VERSION,
        0,
        0,
        initiatorTaskTag,
        0,
        0,
        0,
        ByteString.emptyByteString());
  }
}
