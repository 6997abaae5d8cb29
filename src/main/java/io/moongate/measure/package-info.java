/**
 * What the other packages count and time with: cheap enough for every command, and read by whoever
 * shows it. Knows of nothing but the JDK.
 */
package io.moongate.measure;
