/**
 * The commands of the device server: {@link io.moongate.scsi.command.SupportedCommand} is the table
 * of them, and {@link io.moongate.scsi.command.CommandHandler} how one is executed.
 */
package io.moongate.scsi.command;
