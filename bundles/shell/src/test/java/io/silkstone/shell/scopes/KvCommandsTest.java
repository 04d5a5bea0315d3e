package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KvCommandsTest {
    private final FakeStore store = new FakeStore();
    private final CommandRunner kv =
            new CommandRunner(new KvCommands(() -> store, () -> 1_000_000));

    @AfterEach
    void sessions_areClosed() {
        assertThat(store.sessionsOpen).isZero();
    }

    @Test
    void everyCommand_withoutAStore_saysSo() {
        new CommandRunner(new KvCommands(() -> null, () -> 0)).assertWellBehavedWithoutServices(4);
    }

    @Test
    void get_ofWhatWasPut_isTheValue() throws Exception {
        assertThat(kv.run("put", "greeting", "good morning"))
                .isEqualTo("Stored greeting, version 1.");
        assertThat(kv.run("get", "greeting")).isEqualTo("good morning");
    }

    @Test
    void get_asJson_tellsEverything() throws Exception {
        kv.run("put", "k", "007", "--ttl-s", "60");
        assertThat(kv.run("get", "k", "--json"))
                .isEqualTo(
                        "{\"key\":\"k\",\"value\":\"007\",\"bytes\":3,\"version\":1,"
                                + "\"expires\":\"1970-01-01T00:17:40Z\"}");
    }

    @Test
    void get_ofBinary_isEscapedAndCanBePutAgain() throws Exception {
        kv.run("put", "p", "\\x00\\xff\\\\", "--escaped");
        assertThat(kv.run("get", "p")).isEqualTo("\\x00\\xff\\\\");
        assertThat(store.tables.get("default").objects.values().iterator().next().value())
                .containsExactly(0, 0xff, '\\');
    }

    @Test
    void get_ofNothing_isRefused() {
        kv.assertRefused("There is no key 'k'.", "get", "k");
    }

    @Test
    void get_fromAMissingTable_isRefused() {
        kv.assertRefused("There is no table t; see `table:list`.", "get", "k", "--table", "t");
    }

    @Test
    void put_ifAbsentWhereThereIsOne_isRefused() throws Exception {
        kv.run("put", "k", "1");
        kv.assertRefused("There is a key 'k' already.", "put", "k", "2", "--if-absent");
    }

    @Test
    void put_withABadEscape_isRefused() {
        kv.assertRefused(
                "'\\q' has a backslash that is followed by none of \\\\ \\n \\r \\t \\xHH.",
                "put",
                "k",
                "\\q",
                "--escaped");
    }

    @Test
    void put_whateverTheStatus_isOneSentence() {
        for (Status status : Status.values()) {
            store.refusal = status;
            if (status != Status.OK) {
                assertThat(refusal()).endsWith(".").doesNotContain("\n");
            }
        }
    }

    @Test
    void put_ofTooLongAValue_saysTheLimitAndWhatDecidesIt() {
        store.refusal = Status.TOO_LARGE;
        assertThat(refusal()).contains(store.valueBytesMax() + " (", "log.segment.bytes");
    }

    private String refusal() {
        try {
            return kv.run("put", "k", "v");
        } catch (Exception e) {
            return e.getMessage();
        }
    }

    @Test
    void delete_ofAKey_removesIt() throws Exception {
        kv.run("put", "k", "v");
        assertThat(kv.run("delete", "k")).isEqualTo("Removed k, version 1.");
        kv.assertRefused("There is no key 'k'.", "delete", "k");
    }

    @Test
    void scan_withAPattern_showsWhatFits() throws Exception {
        kv.run("put", "user:1", "a");
        kv.run("put", "user:2", "b".repeat(70));
        kv.run("put", "other", "c");
        assertThat(kv.run("scan", "user:*"))
                .isEqualTo(
                        "KEY     BYTES  VERSION  EXPIRES  VALUE\n"
                                + "user:1      1        1  -        a\n"
                                + "user:2     70        1  -        "
                                + "b".repeat(60)
                                + " ...");
    }

    @Test
    void scan_ofMoreThanTheCount_saysThatThereIsMore() throws Exception {
        for (int index = 0; index < 250; index++) {
            kv.run("put", "k" + index, "v");
        }
        assertThat(kv.run("scan").lines()).hasSize(102).last().asString().contains("more");
        assertThat(kv.run("scan", "--count", "250").lines()).hasSize(251);
    }
}
