/** INQUIRY: standard data and vital product data pages (SPC-4 sections 6.6 and 7.8). */
package io.moongate.scsi.inquiry;
