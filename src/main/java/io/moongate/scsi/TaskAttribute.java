package io.moongate.scsi;

/** Task attributes (SAM-5 section 8.6). */
public enum TaskAttribute {
  SIMPLE,
  ORDERED,
  HEAD_OF_QUEUE,
  ACA
}
