package io.moongate.scsi.task;

import java.util.ArrayList;
import java.util.List;

/** Every task of a set, oldest first, with what they take. Guarded by the task set's monitor. */
final class TaskList {
  private Task first;
  private Task last;
  private int count;
  private long memory;

  void add(Task task) {
    task.previous = last;
    task.next = null;
    if (last == null) {
      first = task;
    } else {
      last.next = task;
    }
    last = task;
    count++;
    memory += task.operation().memory();
  }

  void remove(Task task) {
    if (task.previous == null) {
      first = task.next;
    } else {
      task.previous.next = task.next;
    }
    if (task.next == null) {
      last = task.previous;
    } else {
      task.next.previous = task.previous;
    }
    count--;
    memory -= task.operation().memory();
  }

  /** How many there are. */
  int count() {
    return count;
  }

  /** A copy, so that tasks may be removed while it is walked. */
  List<Task> copy() {
    List<Task> all = new ArrayList<>(count);
    for (Task task = first; task != null; task = task.next) {
      all.add(task);
    }
    return all;
  }

  /** Whether one more task is within the bounds. */
  boolean hasRoom(Task task, TaskLimits limits) {
    return count < limits.tasks()
        && (count == 0 || memory + task.operation().memory() <= limits.memory());
  }
}
