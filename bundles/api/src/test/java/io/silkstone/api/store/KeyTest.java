package io.silkstone.api.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyTest {
    @ParameterizedTest
    @CsvSource({
        "123456789,12739",
        "foo,12182",
        "'',0",
        "{user1000}.following,3443",
        "foo{}{bar},8363"
    })
    void slot_isThatOfRedisCluster(String key, int slot) {
        assertThat(new Key().wrap(key.getBytes(UTF_8)).slot()).isEqualTo(slot);
    }

    @ParameterizedTest
    @CsvSource({
        "{user1000}.following,user1000",
        "foo{{bar}}zap,{bar",
        "foo{bar}{zap},bar",
        "a long key before {the tag},the tag"
    })
    void slot_ofATaggedKey_isThatOfTheTag(String key, String tag) {
        assertThat(new Key().wrap(key.getBytes(UTF_8)).slot())
                .isEqualTo(new Key().wrap(tag.getBytes(UTF_8)).slot());
    }

    @Test
    void slot_anyLength_equalsTheBitwiseDefinition() {
        Random random = new Random(7);
        for (int length = 0; length < 100; length++) {
            byte[] key = new byte[length];
            random.nextBytes(key);
            for (int index = 0; index < length; index++) {
                key[index] = key[index] == '{' ? (byte) 'x' : key[index];
            }
            assertThat(new Key().wrap(key).slot()).isEqualTo(bitwiseCrc16(key) & 16_383);
        }
    }

    @Test
    void hash_atAnyOffset_isTheSame() {
        byte[] padded = "...{user1}.name:0123456789...".getBytes(UTF_8);
        byte[] key = "{user1}.name:0123456789".getBytes(UTF_8);
        assertThat(Key.hash(MemorySegment.ofArray(padded), 3, key.length))
                .isEqualTo(new Key().wrap(key).hash());
    }

    @Test
    void hash_ofSimilarKeys_differsInItsLowBits() {
        Set<Long> low = new HashSet<>();
        for (int number = 0; number < 100_000; number++) {
            byte[] key = String.format("key:%012d", number).getBytes(UTF_8);
            low.add(new Key().wrap(key).hash() & 0xffff_ffffL);
        }
        assertThat(low).hasSizeGreaterThan(99_990);
    }

    private static int bitwiseCrc16(byte[] bytes) {
        int crc = 0;
        for (byte each : bytes) {
            crc ^= (each & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
            }
        }
        return crc;
    }
}
