package io.silkstone.node.deploy;

import io.silkstone.api.node.DeployRefused;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who may sign bundles: the Ed25519 public keys in {@code etc/trusted-keys/*.pem}. A signature is a
 * file of its own beside the jar, {@code <jar>.sig}, of 64 bytes or their Base64, over the jar's
 * bytes. OpenSSL makes all three; the bundle's README has the commands.
 *
 * <p>The files are read at each deployment, so adding or removing a key needs no restart.
 */
final class TrustedKeys {
    private static final int SIGNATURE_LENGTH = 64;
    private static final int FILE_BYTES_MAX = 16 << 10;
    private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
    private static final String END = "-----END PUBLIC KEY-----";

    private final Path directory;

    TrustedKeys(Path directory) {
        this.directory = directory;
    }

    /**
     * Checks the jar against its signature.
     *
     * @return a clause for the log: by whose key it is signed, or that it is not
     * @throws DeployRefused when a signature is needed and missing, or there and wrong
     */
    String verify(DroppedJar jar, SignatureRule rule) throws DeployRefused {
        Map<String, PublicKey> keys = keys();
        Path file = signatureOf(jar.path());
        boolean required =
                rule == SignatureRule.REQUIRED || rule == SignatureRule.AUTO && !keys.isEmpty();
        if (!Files.exists(file)) {
            if (required) {
                throw new DeployRefused(
                        ("%s is not signed: put its Ed25519 signature beside it as %s, by one "
                                        + "of the keys in etc/trusted-keys (%s)")
                                .formatted(jar.called(), file.getFileName(), namesOf(keys)));
            }
            return "not signed";
        }
        byte[] signature = signatureIn(file);
        for (Map.Entry<String, PublicKey> key : keys.entrySet()) {
            if (isSignedBy(key.getValue(), jar.bytes(), signature)) {
                return "signed by " + key.getKey();
            }
        }
        throw new DeployRefused(
                ("%s does not fit %s by any key in etc/trusted-keys (%s): the jar was "
                                + "changed, or its signer is not trusted here")
                        .formatted(file.getFileName(), jar.called(), namesOf(keys)));
    }

    /** Where the signature of {@code jar} belongs. */
    static Path signatureOf(Path jar) {
        return jar.resolveSibling(jar.getFileName() + ".sig");
    }

    private Map<String, PublicKey> keys() throws DeployRefused {
        Map<String, PublicKey> keys = new TreeMap<>();
        if (!Files.isDirectory(directory)) {
            return keys;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.pem")) {
            for (Path file : files) {
                keys.put(file.getFileName().toString(), keyIn(file));
            }
        } catch (IOException unreadable) {
            throw new DeployRefused("etc/trusted-keys cannot be read: " + unreadable.getMessage());
        }
        return keys;
    }

    private static PublicKey keyIn(Path file) throws IOException, DeployRefused {
        String text = textOf(file);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        try {
            if (begin < 0 || end < begin) {
                throw new GeneralSecurityException("no public key");
            }
            byte[] encoded =
                    Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
            return KeyFactory.getInstance("Ed25519")
                    .generatePublic(new X509EncodedKeySpec(encoded));
        } catch (GeneralSecurityException | IllegalArgumentException wrong) {
            // One unreadable key must not make an unsigned bundle welcome.
            throw new DeployRefused(
                    "etc/trusted-keys/%s is not an Ed25519 public key in PEM; correct or remove it"
                            .formatted(file.getFileName()));
        }
    }

    private static byte[] signatureIn(Path file) throws DeployRefused {
        try {
            if (Files.size(file) == SIGNATURE_LENGTH) {
                return Files.readAllBytes(file);
            }
            byte[] decoded = Base64.getMimeDecoder().decode(textOf(file));
            if (decoded.length == SIGNATURE_LENGTH) {
                return decoded;
            }
        } catch (IOException | IllegalArgumentException wrong) {
            // Told below, in the same words as a wrong length.
        }
        throw new DeployRefused(
                "%s is no Ed25519 signature: 64 bytes or their Base64"
                        .formatted(file.getFileName()));
    }

    private static boolean isSignedBy(PublicKey key, byte[] bytes, byte[] signature) {
        try {
            Signature check = Signature.getInstance("Ed25519");
            check.initVerify(key);
            check.update(bytes);
            return check.verify(signature);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }

    private static String textOf(Path file) throws IOException {
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException(file.getFileName() + " is too long");
        }
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static String namesOf(Map<String, PublicKey> keys) {
        return keys.isEmpty() ? "which has none" : String.join(", ", keys.keySet());
    }
}
