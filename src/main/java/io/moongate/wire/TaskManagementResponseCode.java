package io.moongate.wire;

import java.util.Optional;

/** How a task management function ended (RFC 7143 section 11.6.1; 7: RFC 7144 section 4). */
public enum TaskManagementResponseCode {
  FUNCTION_COMPLETE(0),
  TASK_DOES_NOT_EXIST(1),
  LUN_DOES_NOT_EXIST(2),
  TASK_STILL_ALLEGIANT(3),
  TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED(4),
  TASK_MANAGEMENT_FUNCTION_NOT_SUPPORTED(5),
  FUNCTION_AUTHORIZATION_FAILED(6),
  FUNCTION_SUCCEEDED(7),
  FUNCTION_REJECTED(255);

  private final int code;

  TaskManagementResponseCode(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The response of that code; empty when the standards reserve it. */
  public static Optional<TaskManagementResponseCode> of(int code) {
    return CodeTable.find(values(), TaskManagementResponseCode::code, code);
  }
}
