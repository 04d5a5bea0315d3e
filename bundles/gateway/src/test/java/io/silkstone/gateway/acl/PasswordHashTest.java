package io.silkstone.gateway.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
    private static final Runnable NO_PAUSE = () -> {};

    @ParameterizedTest
    @CsvSource({"secret, 1", "secret, 2", "a longer pass phrase with spaces, 1000", "x, 5000"})
    void of_equalsTheJdks(String password, int iterations) throws Exception {
        PasswordHash hash =
                PasswordHash.of(PasswordHash.bytes(password), iterations, new Random(1), NO_PAUSE);
        String[] parts = hash.toString().split(":");
        PBEKeySpec spec =
                new PBEKeySpec(
                        password.toCharArray(), HexFormat.of().parseHex(parts[2]), iterations, 256);
        byte[] expected =
                SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                        .generateSecret(spec)
                        .getEncoded();
        assertThat(parts[3]).isEqualTo(HexFormat.of().formatHex(expected));
    }

    @Test
    void matches_onlyThePassword() {
        byte[] password = "pässword".getBytes(StandardCharsets.UTF_8);
        PasswordHash hash = PasswordHash.of(password, 100, new Random(1), NO_PAUSE);
        assertThat(hash.matches(password, NO_PAUSE)).isTrue();
        assertThat(hash.matches("password".getBytes(StandardCharsets.UTF_8), NO_PAUSE)).isFalse();
        assertThat(hash.matches(new byte[0], NO_PAUSE)).isFalse();
        assertThat(PasswordHash.parse(hash.toString())).isEqualTo(hash);
    }

    @Test
    void of_samePassword_hasAnotherSalt() {
        Random random = new Random(1);
        byte[] password = PasswordHash.bytes("pw");
        assertThat(PasswordHash.of(password, 10, random, NO_PAUSE))
                .isNotEqualTo(PasswordHash.of(password, 10, random, NO_PAUSE));
    }

    @Test
    void of_manyIterations_pausesBetweenSlices() {
        AtomicInteger pauses = new AtomicInteger();
        PasswordHash.of(new byte[0], 5121, new Random(1), pauses::incrementAndGet);
        assertThat(pauses).hasValue(10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abc",
                "sha256:1:aa:bb",
                "pbkdf2-sha256:0:aa:bb",
                "pbkdf2-sha256:x:aa:bb",
                "pbkdf2-sha256:1:aa:bb",
                "pbkdf2-sha256:1:zz:00"
            })
    void parse_anythingElse_isNull(String text) {
        assertThat(PasswordHash.parse(text)).isNull();
    }
}
