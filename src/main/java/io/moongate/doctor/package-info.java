/**
 * What a gateway's host lacks, and whether hosts see what the API says. Each check is a class of
 * its own, is given what it looks at, and changes nothing.
 */
package io.moongate.doctor;
