package io.moongate.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** The private RSA key under which the gateways of ceph-iscsi encrypt CHAP passwords. */
final class CephIscsiKey {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN (RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END");

  /** SEQUENCE of the version 0 and the algorithm rsaEncryption, before the key (RFC 5208). */
  private static final byte[] RSA_ENCRYPTION = {
    2,
    1,
    0,
    0x30,
    0x0D,
    6,
    9,
    0x2A,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xF7,
    0x0D,
    1,
    1,
    1,
    5,
    0
  };

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;

  /** The newer ones use the first, former ones the second. */
  private static final List<OAEPParameterSpec> PADDINGS =
      List.of(
          new OAEPParameterSpec(
              "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT),
          new OAEPParameterSpec(
              "SHA-1", "MGF1", MGF1ParameterSpec.SHA1, PSource.PSpecified.DEFAULT));

  private final PrivateKey key;

  private CephIscsiKey(PrivateKey key) {
    this.key = key;
  }

  /**
   * Reads a key in PEM, of PKCS #1 or PKCS #8 and without a passphrase.
   *
   * @throws ApiException when it is none
   */
  static CephIscsiKey read(String pem) {
    Matcher matcher = PEM.matcher(pem);
    if (!matcher.find()) {
      throw ApiException.refused("The key is no private RSA key in PEM without a passphrase");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
      byte[] pkcs8 = matcher.group(1) == null ? der : pkcs8(der);
      return new CephIscsiKey(
          KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // What they say of it may quote it.
      throw ApiException.refused("The key is no RSA key of PKCS #1 or PKCS #8");
    }
  }

  private static byte[] pkcs8(byte[] pkcs1) {
    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    inner.writeBytes(RSA_ENCRYPTION);
    inner.writeBytes(der(OCTET_STRING, pkcs1));
    return der(SEQUENCE, inner.toByteArray());
  }

  private static byte[] der(int tag, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (value.length < 0x80) {
      out.write(value.length);
    } else {
      out.write(0x82);
      out.write(value.length >> 8);
      out.write(value.length);
    }
    out.writeBytes(value);
    return out.toByteArray();
  }

  /**
   * The password.
   *
   * @param whose for the message when it can't be decrypted
   */
  String decrypt(String whose, String encrypted) {
    return PADDINGS.stream()
        .flatMap(padding -> decrypted(padding, encrypted).stream())
        .findFirst()
        .orElseThrow(
            () ->
                ApiException.refused(
                    "The password of " + whose + " is not encrypted under that key"));
  }

  private Optional<String> decrypted(OAEPParameterSpec padding, String encrypted) {
    try {
      Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
      cipher.init(Cipher.DECRYPT_MODE, key, padding);
      byte[] plain = cipher.doFinal(Base64.getDecoder().decode(encrypted));
      return Optional.of(new String(plain, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty(); // Not with this padding.
    }
  }
}
