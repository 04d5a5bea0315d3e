package io.silkstone.gateway.acl;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A password as it is kept: PBKDF2 with HMAC-SHA-256 (RFC 8018), a salt of its own, and the number
 * of iterations. A guess costs as many HMACs as there are iterations, on purpose: tens of
 * milliseconds. So the work is done in slices with a pause between, in which other threads of the
 * core run; that is why it is written out here instead of one call into the JDK.
 */
public final class PasswordHash {
    private static final String SCHEME = "pbkdf2-sha256";
    private static final String ALGORITHM = "HmacSHA256";
    private static final int SALT_BYTES = 16;
    private static final int ITERATIONS_MAX = 10_000_000;
    private static final int ITERATIONS_A_SLICE = 512;

    private final int iterations;
    private final byte[] salt;
    private final byte[] hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) {
        this.iterations = iterations;
        this.salt = salt;
        this.hash = hash;
    }

    /** Hashes {@code password} with a new salt; {@code pause} is called between slices of work. */
    public static PasswordHash of(
            byte[] password, int iterations, RandomGenerator random, Runnable pause) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return new PasswordHash(iterations, salt, derive(password, salt, iterations, pause));
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @return null when the text is something else
     */
    public static PasswordHash parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 4 || !parts[0].equals(SCHEME)) {
            return null;
        }
        try {
            int iterations = Integer.parseInt(parts[1]);
            byte[] salt = HexFormat.of().parseHex(parts[2]);
            byte[] hash = HexFormat.of().parseHex(parts[3]);
            boolean sound =
                    iterations > 0
                            && iterations <= ITERATIONS_MAX
                            && salt.length > 0
                            && hash.length == 32;
            return sound ? new PasswordHash(iterations, salt, hash) : null;
        } catch (IllegalArgumentException noHash) {
            return null;
        }
    }

    /** Whether {@code password} is the one; takes the same time whichever bytes differ. */
    public boolean matches(byte[] password, Runnable pause) {
        return MessageDigest.isEqual(hash, derive(password, salt, iterations, pause));
    }

    private static byte[] derive(byte[] password, byte[] salt, int iterations, Runnable pause) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            // HMAC pads short keys with zeros, so a single zero is the same key as none, which the
            // JDK refuses.
            mac.init(new SecretKeySpec(password.length == 0 ? new byte[1] : password, ALGORITHM));
            mac.update(salt);
            mac.update(new byte[] {0, 0, 0, 1});
            byte[] block = mac.doFinal();
            byte[] sum = block.clone();
            for (int i = 1; i < iterations; i++) {
                mac.update(block);
                mac.doFinal(block, 0);
                for (int j = 0; j < sum.length; j++) {
                    sum[j] ^= block[j];
                }
                if (i % ITERATIONS_A_SLICE == 0) {
                    pause.run();
                }
            }
            return sum;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, impossible);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PasswordHash that
                && iterations == that.iterations
                && Arrays.equals(salt, that.salt)
                && Arrays.equals(hash, that.hash);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hash);
    }

    /** The scheme, iterations, salt and hash, between colons. */
    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        return String.join(
                ":",
                SCHEME,
                Integer.toString(iterations),
                hex.formatHex(salt),
                hex.formatHex(hash));
    }

    /** Bytes of a password as a client or a file wrote it. */
    static byte[] bytes(String password) {
        return password.getBytes(StandardCharsets.UTF_8);
    }
}
