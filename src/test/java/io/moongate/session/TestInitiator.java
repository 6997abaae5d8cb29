package io.moongate.session;

import io.moongate.wire.DigestSettings;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.LoginStage;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TargetPdu.TextResponse;
import io.moongate.wire.TextKeys;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.util.ByteString;

/**
 * A small iSCSI initiator over a blocking socket: one connection, used by one thread. Commands may
 * be issued together ({@link #start}, then {@link #await}) or one at a time ({@link #command}).
 * Every wait is bounded by the socket's timeout: then a {@link java.net.SocketTimeoutException}.
 */
public final class TestInitiator implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int CHUNK = 64 * 1024;

  private final Socket socket;
  private final DigestSettings digests = new DigestSettings();
  private final PduDecoder decoder = new PduDecoder(digests);
  private final PduEncoder encoder = new PduEncoder(digests);
  private final Map<Integer, Pending> pending = new HashMap<>();
  private final Map<Integer, Result> results = new HashMap<>();
  private final List<TargetPdu> other = new ArrayList<>();
  private final Map<String, String> negotiated = new LinkedHashMap<>();

  private AtomicInteger taskTags = new AtomicInteger(1);
  private AtomicInteger cmdSns = new AtomicInteger(1);
  private int cid;
  private int expStatSn;
  private int tsih;
  private int expCmdSn;
  private int maxCmdSn;

  /** A login was refused: the status class and detail tell why. */
  public static final class LoginRefusedException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int status;

    LoginRefusedException(int status) {
      super("login refused: 0x%04x".formatted(status));
      this.status = status;
    }

    /** Status class and detail, such as 0x0203. */
    public int status() {
      return status;
    }
  }

  /**
   * How a SCSI command ended.
   *
   * @param status SCSI status, such as 0x02 for CHECK CONDITION
   * @param sense sense data; empty when there is none
   * @param dataIn what was read
   * @param residual bytes that were not transferred; negative for an underflow
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by no one: a test looks at the bytes.
  public record Result(int status, byte[] sense, byte[] dataIn, long residual) {
    /** Sense key, additional sense code and qualifier as one number, such as 0x062906. */
    public int senseCode() {
      if (sense.length == 0) {
        return 0;
      }
      boolean descriptor = (sense[0] & 0x7F) >= 0x72;
      int key = sense[descriptor ? 1 : 2] & 0x0F;
      int code = sense[descriptor ? 2 : 12] & 0xFF;
      int qualifier = sense[descriptor ? 3 : 13] & 0xFF;
      return key << 16 | code << 8 | qualifier;
    }
  }

  private static final class Pending {
    final long lun;
    final byte[] dataOut;
    final byte[] dataIn;
    int received;

    Pending(long lun, byte[] dataOut, int expectedDataIn) {
      this.lun = lun;
      this.dataOut = dataOut;
      this.dataIn = new byte[expectedDataIn];
    }
  }

  private TestInitiator(Socket socket) {
    this.socket = socket;
  }

  /** Connects to a portal. */
  public static TestInitiator connect(InetSocketAddress portal) throws IOException {
    return connect(portal, 0);
  }

  /** The same with a receive buffer of so many bytes, to be an initiator that reads slowly. */
  public static TestInitiator connect(InetSocketAddress portal, int receiveBuffer)
      throws IOException {
    Socket socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) TIMEOUT.toMillis());
    socket.connect(portal, (int) TIMEOUT.toMillis());
    return new TestInitiator(socket);
  }

  /** The keys of a usual login to a target; may be changed before {@link #login}. */
  public static Map<String, String> keys(String initiatorName, String targetName) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("InitiatorName", initiatorName);
    keys.put("SessionType", "Normal");
    keys.put("TargetName", targetName);
    keys.put("HeaderDigest", "None");
    keys.put("DataDigest", "None");
    keys.put("InitialR2T", "No");
    keys.put("ImmediateData", "Yes");
    keys.put("MaxRecvDataSegmentLength", "262144");
    keys.put("MaxBurstLength", "1048576");
    keys.put("FirstBurstLength", "65536");
    keys.put("MaxOutstandingR2T", "4");
    return keys;
  }

  /** The keys of a discovery login. */
  public static Map<String, String> discoveryKeys(String initiatorName) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("InitiatorName", initiatorName);
    keys.put("SessionType", "Discovery");
    keys.put("MaxRecvDataSegmentLength", "262144");
    return keys;
  }

  /** Logs in with a usual set of keys. */
  public TestInitiator login(String initiatorName, long isid, String targetName)
      throws IOException {
    return login(isid, keys(initiatorName, targetName));
  }

  /**
   * Logs in: one request in the operational stage.
   *
   * @throws LoginRefusedException when the target refuses
   */
  public TestInitiator login(long isid, Map<String, String> keys) throws IOException {
    return login(isid, 0, keys);
  }

  /**
   * Logs in by CHAP: the names and the exchange in the security stage, the other keys in the
   * operational one.
   *
   * @throws LoginRefusedException when the target refuses
   */
  public TestInitiator login(long isid, Map<String, String> keys, ChapInitiator chap)
      throws IOException {
    Map<String, String> names = new LinkedHashMap<>(keys);
    Map<String, String> operational = new LinkedHashMap<>(keys);
    names.keySet().retainAll(List.of("InitiatorName", "SessionType", "TargetName"));
    operational.keySet().removeAll(names.keySet());
    names.put("AuthMethod", "CHAP,None");
    int tag = taskTags.getAndIncrement();
    LoginStage security = LoginStage.SECURITY_NEGOTIATION;
    TextKeys method = loginStep(isid, 0, tag, false, security, names);
    if (!method.value("AuthMethod").equals(Optional.of("CHAP"))) {
      throw new IOException("the target does not ask for CHAP: " + method);
    }
    TextKeys asked = loginStep(isid, 0, tag, false, security, chap.proposal());
    TextKeys proof = loginStep(isid, 0, tag, true, security, chap.response(asked));
    if (chap.asks() && !chap.believes(proof)) {
      throw new IOException("the target is not who it says");
    }
    loginStep(isid, 0, tag, true, LoginStage.LOGIN_OPERATIONAL_NEGOTIATION, operational);
    return loggedIn(keys);
  }

  /**
   * Joins the session of another connection, which numbers its commands together with this one.
   *
   * @param connection its CID
   */
  public TestInitiator join(
      TestInitiator leading, int connection, long isid, Map<String, String> keys)
      throws IOException {
    taskTags = leading.taskTags;
    cmdSns = leading.cmdSns;
    cid = connection;
    negotiated.putAll(leading.negotiated);
    return login(isid, leading.tsih, keys);
  }

  private TestInitiator login(long isid, int session, Map<String, String> keys) throws IOException {
    int tag = taskTags.getAndIncrement();
    loginStep(isid, session, tag, true, LoginStage.LOGIN_OPERATIONAL_NEGOTIATION, keys);
    return loggedIn(keys);
  }

  private TextKeys loginStep(
      long isid, int session, int tag, boolean transit, LoginStage stage, Map<String, String> keys)
      throws IOException {
    TextKeys text = TextKeys.none();
    for (Map.Entry<String, String> key : keys.entrySet()) {
      text = text.with(key.getKey(), key.getValue());
    }
    LoginStage next =
        stage == LoginStage.SECURITY_NEGOTIATION
            ? LoginStage.LOGIN_OPERATIONAL_NEGOTIATION
            : LoginStage.FULL_FEATURE_PHASE;
    send(
        new LoginRequest(
            transit,
            false,
            stage.code(),
            transit ? next.code() : 0,
            0,
            0,
            isid,
            session,
            tag,
            cid,
            cmdSns.get(),
            expStatSn,
            text.format()));
    LoginResponse response = (LoginResponse) receive();
    if (response.statusClass() != 0) {
      throw new LoginRefusedException(response.statusClass() << 8 | response.statusDetail());
    }
    if (response.transit() != transit) {
      throw new IOException("the target does not pass on with " + keys.keySet());
    }
    tsih = response.tsih();
    TextKeys answer = TextKeys.parse(response.data());
    for (TextKeys.Pair pair : answer.pairs()) {
      negotiated.put(pair.key(), pair.value());
    }
    return answer;
  }

  private TestInitiator loggedIn(Map<String, String> keys) {
    decoder.maxDataSegmentLength(
        Integer.parseInt(keys.getOrDefault("MaxRecvDataSegmentLength", "8192")));
    digests.set(
        "CRC32C".equals(negotiated.get("HeaderDigest")),
        "CRC32C".equals(negotiated.get("DataDigest")));
    return this;
  }

  /** What the target answered or declared in the login. */
  public Map<String, String> negotiated() {
    return Map.copyOf(negotiated);
  }

  /** TSIH of the session. */
  public int tsih() {
    return tsih;
  }

  /** Commands that may be sent before an answer must be awaited. */
  public int window() {
    return maxCmdSn - cmdSns.get() + 1;
  }

  /** Executes a command and waits for its end. */
  public Result command(long lun, byte[] cdb, byte[] dataOut, int expectedDataIn)
      throws IOException {
    return await(start(lun, cdb, dataOut, expectedDataIn));
  }

  /** Sends a command; data-out goes along as immediate data as far as that was agreed. */
  public int start(long lun, byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    int tag = taskTags.getAndIncrement();
    byte[] padded = new byte[Math.max(16, cdb.length)];
    System.arraycopy(cdb, 0, padded, 0, cdb.length);
    int immediate = 0;
    if (!"No".equals(negotiated.get("ImmediateData"))) {
      immediate =
          Math.min(
              dataOut.length, Math.min(number("FirstBurstLength", 65536), targetMaxDataSegment()));
    }
    pending.put(tag, new Pending(lun, dataOut, expectedDataIn));
    send(
        new ScsiCommand(
            false,
            true,
            expectedDataIn > 0,
            dataOut.length > 0,
            1,
            lun,
            tag,
            dataOut.length > 0 ? dataOut.length : expectedDataIn,
            cmdSns.getAndIncrement(),
            expStatSn,
            ByteString.fromArray(padded),
            0,
            ByteString.fromArray(dataOut, 0, immediate)));
    return tag;
  }

  /** Waits for the end of a command. */
  public Result await(int tag) throws IOException {
    while (!results.containsKey(tag)) {
      dispatch(receive());
    }
    return results.remove(tag);
  }

  /** The end of a command, if it has been received; it is not waited for. */
  public Optional<Result> ended(int tag) {
    return Optional.ofNullable(results.remove(tag));
  }

  /** Executes a task management function (RFC 7143 section 11.5.1) and gives its response. */
  public int manage(int function, long lun, int referencedTag) throws IOException {
    int tag = taskTags.getAndIncrement();
    send(
        new TaskManagementRequest(
            true, function, lun, tag, referencedTag, cmdSns.get(), expStatSn, cmdSns.get(), 0));
    return awaitPdu(TaskManagementResponse.class).response();
  }

  /** Sends a NOP-Out and waits for its echo. */
  public ByteString ping(ByteString data) throws IOException {
    int tag = taskTags.getAndIncrement();
    send(new NopOut(true, 0, tag, Pdu.RESERVED_TAG, cmdSns.get(), expStatSn, data));
    NopIn answer = awaitPdu(NopIn.class);
    while (answer.initiatorTaskTag() != tag) {
      answer = awaitPdu(NopIn.class);
    }
    return answer.data();
  }

  /** The answer to SendTargets. */
  public TextKeys sendTargets(String value) throws IOException {
    ByteString text = TextKeys.none().with("SendTargets", value).format();
    ByteString answer = ByteString.emptyByteString();
    int tag = taskTags.getAndIncrement();
    int transferTag = Pdu.RESERVED_TAG;
    while (true) {
      send(
          new TextRequest(
              false, true, false, 0, tag, transferTag, cmdSns.getAndIncrement(), expStatSn, text));
      TextResponse response = awaitPdu(TextResponse.class);
      answer = answer.concat(response.data());
      if (response.finalBit()) {
        return TextKeys.parseSendTargets(answer);
      }
      transferTag = response.targetTransferTag();
      text = ByteString.emptyByteString();
    }
  }

  /** Logs out, and waits for the target to close the connection. */
  public void logout() throws IOException {
    send(
        new LogoutRequest(
            false, 0, taskTags.getAndIncrement(), 0, cmdSns.getAndIncrement(), expStatSn));
    awaitPdu(LogoutResponse.class);
    awaitEnd();
  }

  /** Waits until the target closes the connection. */
  public void awaitEnd() throws IOException {
    try {
      while (true) {
        other.add(receive());
      }
    } catch (EOFException | java.net.SocketException end) {
      return;
    }
  }

  /** Waits for a PDU of a kind; data and responses of commands are taken care of meanwhile. */
  public <T extends TargetPdu> T awaitPdu(Class<T> kind) throws IOException {
    while (true) {
      Optional<TargetPdu> found = other.stream().filter(kind::isInstance).findFirst();
      if (found.isPresent()) {
        other.remove(found.get());
        return kind.cast(found.get());
      }
      dispatch(receive());
    }
  }

  /** Sends any PDU. */
  public void send(InitiatorPdu pdu) throws IOException {
    sendBytes(encoder.encode(pdu));
  }

  /** Sends a header as it stands, and so many zeros as additional headers, with its digest. */
  void sendHeader(ByteString header, int additional) throws IOException {
    ByteString bytes = header.concat(ByteString.fromArray(new byte[additional]));
    if (digests.header()) {
      java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
      crc.update(bytes.toArray());
      int value = Integer.reverseBytes((int) crc.getValue());
      bytes = bytes.concat(ByteString.fromInts(value >>> 24, value >> 16, value >> 8, value));
    }
    sendBytes(bytes);
  }

  /** Sends any bytes. */
  public void sendBytes(ByteString bytes) throws IOException {
    socket.getOutputStream().write(bytes.toArray());
    socket.getOutputStream().flush();
  }

  /** The next CmdSN, which it takes. */
  public int takeCmdSn() {
    return cmdSns.getAndIncrement();
  }

  /** A new task tag. */
  public int takeTaskTag() {
    return taskTags.getAndIncrement();
  }

  /**
   * Receives one PDU.
   *
   * @throws EOFException when the target closed the connection
   */
  public TargetPdu receive() throws IOException {
    while (true) {
      Pdu pdu = decoder.next();
      if (pdu != null) {
        TargetPdu received = (TargetPdu) pdu;
        note(received);
        return received;
      }
      byte[] chunk = new byte[CHUNK];
      int length = socket.getInputStream().read(chunk);
      if (length < 0) {
        throw new EOFException("the target closed the connection");
      }
      decoder.feed(ByteString.fromArray(chunk, 0, length));
    }
  }

  /** Drops the connection without a logout. */
  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** Drops the connection by a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private void dispatch(TargetPdu pdu) throws IOException {
    Pending task = pending.get(pdu.initiatorTaskTag());
    if (pdu instanceof ReadyToTransfer r2t && task != null) {
      transfer(task, r2t);
    } else if (pdu instanceof DataIn data && task != null) {
      int length = data.data().size();
      data.data().copyToArray(task.dataIn, (int) data.bufferOffset(), length);
      task.received += length;
      if (data.statusBit()) {
        end(
            pdu.initiatorTaskTag(),
            new Result(
                data.status(),
                new byte[0],
                received(task),
                residual(data.overflow(), data.underflow(), data.residualCount())));
      }
    } else if (pdu instanceof ScsiResponse response && task != null) {
      byte[] segment = response.data().toArray();
      int senseLength = segment.length < 2 ? 0 : ((segment[0] & 0xFF) << 8) | (segment[1] & 0xFF);
      byte[] sense = new byte[senseLength];
      System.arraycopy(segment, Math.min(2, segment.length), sense, 0, senseLength);
      end(
          pdu.initiatorTaskTag(),
          new Result(
              response.status(),
              sense,
              received(task),
              residual(response.overflow(), response.underflow(), response.residualCount())));
    } else if (pdu instanceof NopIn ping && ping.initiatorTaskTag() == Pdu.RESERVED_TAG) {
      if (ping.targetTransferTag() != Pdu.RESERVED_TAG) {
        send(
            new NopOut(
                true,
                ping.lun(),
                Pdu.RESERVED_TAG,
                ping.targetTransferTag(),
                cmdSns.get(),
                expStatSn,
                ByteString.emptyByteString()));
      }
    } else {
      other.add(pdu);
    }
  }

  private void transfer(Pending task, ReadyToTransfer r2t) throws IOException {
    int limit = targetMaxDataSegment();
    int start = (int) r2t.bufferOffset();
    int end = start + (int) r2t.desiredDataTransferLength();
    int dataSn = 0;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = start; at < end; at += limit) {
      int length = Math.min(limit, end - at);
      bytes.writeBytes(
          encoder
              .encode(
                  new DataOut(
                      at + length == end,
                      task.lun,
                      r2t.initiatorTaskTag(),
                      r2t.targetTransferTag(),
                      expStatSn,
                      dataSn++,
                      at,
                      ByteString.fromArray(task.dataOut, at, length)))
              .toArray());
    }
    sendBytes(ByteString.fromArray(bytes.toByteArray()));
  }

  private void end(int tag, Result result) {
    pending.remove(tag);
    results.put(tag, result);
  }

  private void note(TargetPdu pdu) {
    if (pdu instanceof ScsiResponse r) {
      numbers(r.statSn() + 1, r.expCmdSn(), r.maxCmdSn());
    } else if (pdu instanceof DataIn d) {
      numbers(d.statusBit() ? d.statSn() + 1 : expStatSn, d.expCmdSn(), d.maxCmdSn());
    } else if (pdu instanceof LoginResponse l) {
      numbers(l.statSn() + 1, l.expCmdSn(), l.maxCmdSn());
    } else if (pdu instanceof NopIn n) {
      boolean counted = n.initiatorTaskTag() != Pdu.RESERVED_TAG;
      numbers(counted ? n.statSn() + 1 : expStatSn, n.expCmdSn(), n.maxCmdSn());
    } else if (pdu instanceof TextResponse t) {
      numbers(t.statSn() + 1, t.expCmdSn(), t.maxCmdSn());
    } else if (pdu instanceof TaskManagementResponse t) {
      numbers(t.statSn() + 1, t.expCmdSn(), t.maxCmdSn());
    } else if (pdu instanceof LogoutResponse l) {
      numbers(l.statSn() + 1, l.expCmdSn(), l.maxCmdSn());
    }
  }

  private void numbers(int statSn, int exp, int max) {
    expStatSn = statSn;
    if (max - maxCmdSn > 0 || maxCmdSn == 0) {
      maxCmdSn = max;
    }
    expCmdSn = exp;
  }

  /** ExpCmdSN as last told. */
  public int expCmdSn() {
    return expCmdSn;
  }

  private static byte[] received(Pending task) {
    return java.util.Arrays.copyOf(task.dataIn, task.received);
  }

  private static long residual(boolean overflow, boolean underflow, int count) {
    long bytes = count & 0xFFFFFFFFL;
    return overflow ? bytes : underflow ? -bytes : 0;
  }

  private int targetMaxDataSegment() {
    return number("MaxRecvDataSegmentLength", 8192);
  }

  private int number(String key, int otherwise) {
    String value = negotiated.get(key);
    return value == null ? otherwise : Integer.parseInt(value);
  }
}
