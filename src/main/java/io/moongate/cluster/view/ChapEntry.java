package io.moongate.cluster.view;

/**
 * A CHAP name and its secret as the metadata keeps them.
 *
 * @param user the CHAP name (CHAP_N, RFC 7143 section 12.1.3)
 * @param sealed the secret, encrypted under a key that the metadata does not have
 */
public record ChapEntry(String user, String sealed) {
  @Override
  public String toString() {
    return "ChapEntry[user=" + user + "]";
  }
}
