package io.moongate.wire;

import java.util.Optional;

/** Task management functions (RFC 7143 section 11.5.1; those from 9 up: RFC 7144 section 4). */
public enum TaskManagementFunction {
  ABORT_TASK(1),
  ABORT_TASK_SET(2),
  CLEAR_ACA(3),
  CLEAR_TASK_SET(4),
  LOGICAL_UNIT_RESET(5),
  TARGET_WARM_RESET(6),
  TARGET_COLD_RESET(7),
  TASK_REASSIGN(8),
  QUERY_TASK(9),
  QUERY_TASK_SET(10),
  I_T_NEXUS_RESET(11),
  QUERY_ASYNCHRONOUS_EVENT(12);

  private final int code;

  TaskManagementFunction(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The function of that code; empty when the standards reserve it. */
  public static Optional<TaskManagementFunction> of(int code) {
    return CodeTable.find(values(), TaskManagementFunction::code, code);
  }
}
