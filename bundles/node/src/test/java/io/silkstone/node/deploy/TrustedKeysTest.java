package io.silkstone.node.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.node.DeployRefused;
import io.silkstone.node.TestBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustedKeysTest {
    @TempDir Path home;

    private KeyPair pair;
    private TrustedKeys keys;
    private Path jar;

    @BeforeEach
    void create() throws Exception {
        pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        keys = new TrustedKeys(home.resolve("trusted-keys"));
        jar = TestBundle.of("test.one", "1.0.0").writeTo(home.resolve("one.jar"));
    }

    @Test
    void verify_unsignedWithoutKeys_isWelcomeUnlessRequired() throws Exception {
        assertThat(verify(SignatureRule.AUTO)).isEqualTo("not signed");
        assertThat(verify(SignatureRule.OPTIONAL)).isEqualTo("not signed");
        assertThatThrownBy(() -> verify(SignatureRule.REQUIRED))
                .isInstanceOf(DeployRefused.class)
                .hasMessageContaining("test.one 1.0.0 is not signed")
                .hasMessageContaining("one.jar.sig");
    }

    @Test
    void verify_unsignedWithAKey_isRefusedByAuto() throws Exception {
        trust("alice.pem", pair);
        assertThatThrownBy(() -> verify(SignatureRule.AUTO)).hasMessageContaining("alice.pem");
        assertThat(verify(SignatureRule.OPTIONAL)).isEqualTo("not signed");
    }

    @Test
    void verify_signed_saysByWhom() throws Exception {
        trust("bob.pem", KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        trust("alice.pem", pair);
        byte[] signature = sign(pair.getPrivate(), Files.readAllBytes(jar));
        Files.write(home.resolve("one.jar.sig"), signature);
        assertThat(verify(SignatureRule.REQUIRED)).isEqualTo("signed by alice.pem");
        Files.writeString(
                home.resolve("one.jar.sig"), Base64.getEncoder().encodeToString(signature) + "\n");
        assertThat(verify(SignatureRule.AUTO)).isEqualTo("signed by alice.pem");
    }

    @Test
    void verify_changedJarOrStrangersKey_isRefusedEvenWhenOptional() throws Exception {
        byte[] signature = sign(pair.getPrivate(), Files.readAllBytes(jar));
        Files.write(home.resolve("one.jar.sig"), signature);
        assertThatThrownBy(() -> verify(SignatureRule.OPTIONAL))
                .hasMessageContaining("does not fit test.one 1.0.0");
        trust("alice.pem", pair);
        TestBundle.of("test.one", "1.0.1").writeTo(jar);
        assertThatThrownBy(() -> verify(SignatureRule.OPTIONAL))
                .hasMessageContaining("does not fit test.one 1.0.1");
    }

    @Test
    void verify_signatureOfAnotherLength_isRefused() throws Exception {
        Files.writeString(home.resolve("one.jar.sig"), "aGVsbG8=");
        assertThatThrownBy(() -> verify(SignatureRule.OPTIONAL))
                .hasMessage("one.jar.sig is no Ed25519 signature: 64 bytes or their Base64");
    }

    @Test
    void verify_unreadableKey_opensNoDoor() throws Exception {
        Files.createDirectories(home.resolve("trusted-keys"));
        Files.writeString(home.resolve("trusted-keys/bad.pem"), "not a key");
        assertThatThrownBy(() -> verify(SignatureRule.AUTO))
                .hasMessageContaining("etc/trusted-keys/bad.pem is not an Ed25519 public key");
    }

    private String verify(SignatureRule rule) throws DeployRefused {
        return keys.verify(DroppedJar.read(jar), rule);
    }

    private void trust(String name, KeyPair trusted) throws Exception {
        Files.createDirectories(home.resolve("trusted-keys"));
        String body = Base64.getMimeEncoder().encodeToString(trusted.getPublic().getEncoded());
        Files.writeString(
                home.resolve("trusted-keys").resolve(name),
                "-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----\n");
    }

    private static byte[] sign(PrivateKey key, byte[] bytes) throws Exception {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(key);
        signature.update(bytes);
        return signature.sign();
    }
}
