package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.gateway.acl.AclRefused;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AclCommandsTest {
    @TempDir Path directory;
    private Probe probe;
    private Probe.Session client;

    @BeforeEach
    void open() {
        probe = new Probe(directory.resolve("users.acl"), false);
        client = probe.connect();
    }

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void defaultUser_mayEverything() {
        assertThat(client.ask("ACL WHOAMI")).isEqualTo("$7 default");
        assertThat(client.ask("ACL LIST")).isEqualTo("*1 $31 user default on nopass ~* +@all");
        assertThat(client.ask("AUTH x")).startsWith("-ERR AUTH <password> called without");
    }

    @Test
    void password_isWantedAndChecked() {
        client.ask("CONFIG SET timeout 0");
        client.ask("ACL SETUSER default resetpass >secret");
        Probe.Session stranger = probe.connect();
        assertThat(stranger.ask("GET k")).isEqualTo("-NOAUTH Authentication required.");
        assertThat(stranger.ask("HELLO 3")).startsWith("-NOAUTH HELLO must be called");
        assertThat(stranger.ask("AUTH wrong")).startsWith("-WRONGPASS");
        assertThat(stranger.ask("AUTH secret")).isEqualTo("+OK");
        assertThat(stranger.ask("GET k")).isEqualTo("$-1");
        Probe.Session second = probe.connect();
        assertThat(second.ask("HELLO 3 AUTH default secret")).startsWith("%8");
        assertThat(second.ask("AUTH default wrong")).startsWith("-WRONGPASS");
    }

    @Test
    void stranger_pipelinesBehindAuth() {
        client.ask("ACL SETUSER default resetpass >secret");
        Probe.Session stranger = probe.connect();
        assertThat(stranger.raw("AUTH secret\r\nPING\r\n")).isEqualTo("+OK\r\n+PONG\r\n");
    }

    @Test
    void user_isHeldToCommandsAndKeys() {
        client.ask("ACL SETUSER alice on >pw ~app:* +@read +set -mget");
        Probe.Session alice = probe.connect();
        assertThat(alice.ask("AUTH alice pw")).isEqualTo("+OK");
        assertThat(alice.ask("SET app:1 v")).isEqualTo("+OK");
        assertThat(alice.ask("GET app:1")).isEqualTo("$1 v");
        assertThat(alice.ask("GET other")).isEqualTo("-NOPERM No permissions to access a key");
        assertThat(alice.ask("DEL app:1"))
                .isEqualTo("-NOPERM User alice has no permissions to run the 'del' command");
        assertThat(alice.ask("MGET app:1")).startsWith("-NOPERM");
        assertThat(alice.ask("EXISTS app:1 other")).startsWith("-NOPERM");
        assertThat(alice.ask("PING")).startsWith("-NOPERM");
    }

    @Test
    void auth_inATransaction_isCheckedWhereItHoldsUpNobody() {
        client.ask("ACL SETUSER alice on >pw ~* +@all");
        Probe.Session stranger = probe.connect();
        stranger.ask("MULTI");
        stranger.ask("AUTH alice wrong");
        stranger.ask("AUTH alice pw");
        assertThat(stranger.ask("EXEC")).contains("-WRONGPASS", "+OK");
        assertThat(stranger.ask("ACL WHOAMI")).isEqualTo("$5 alice");
        client.ask("MULTI");
        client.ask("SET k v");
        client.ask("AUTH alice guess");
        assertThat(client.ask("EXEC"))
                .isEqualTo("*2 +OK -ERR AUTH must come before a" + " transaction that has keys");
    }

    @Test
    void categories_areRedissAndHoldTheSameCommands() {
        assertThat(client.ask("ACL CAT")).startsWith("*21 ");
        assertThat(client.ask("ACL CAT bitmap")).isEqualTo("*2 $6 setbit $6 getbit");
        assertThat(client.ask("ACL CAT scripting")).isEqualTo("*0");
        assertThat(client.ask("ACL CAT fast")).contains("$3 get").doesNotContain("$3 set");
        assertThat(client.ask("ACL CAT sortedset")).isEqualTo("*2 $4 sort $7 sort_ro");
        client.ask("ACL SETUSER bob on nopass ~* +@all -@scripting -@list");
        Probe.Session bob = probe.connect();
        bob.ask("AUTH bob x");
        assertThat(bob.ask("SORT l")).startsWith("-NOPERM");
    }

    @Test
    void permission_takenAwayBeforeExec_isMissed() {
        client.ask("ACL SETUSER alice on >pw ~* +@all");
        Probe.Session alice = probe.connect();
        alice.ask("AUTH alice pw");
        alice.ask("MULTI");
        alice.ask("SET k v");
        client.ask("ACL SETUSER alice -set");
        assertThat(alice.ask("EXEC")).startsWith("*1 -NOPERM");
    }

    @Test
    void deluser_disconnectsItsClients() {
        client.ask("ACL SETUSER alice on nopass ~* +@all");
        Probe.Session alice = probe.connect();
        alice.ask("AUTH alice any");
        assertThat(client.ask("ACL DELUSER alice bob")).isEqualTo(":1");
        assertThat(alice.killed).isTrue();
        assertThat(client.ask("ACL DELUSER default"))
                .isEqualTo("-ERR The 'default' user cannot be removed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+nosuch", "+@nosuch", "what", "#abc", "<nosuch", "%R~x"})
    void setuser_wrongRule_changesNothing(String rule) {
        assertThat(client.ask("ACL SETUSER alice on " + rule))
                .startsWith("-ERR Error in ACL SETUSER modifier");
        assertThat(client.ask("ACL GETUSER alice")).isEqualTo("*-1");
    }

    @Test
    void getuser_showsHashesNeverPasswords() {
        client.ask("ACL SETUSER alice on >sesame ~a* ~b* +get");
        String shown = client.ask("ACL GETUSER alice");
        assertThat(shown).contains("pbkdf2-sha256:10:", "~a* ~b*", "-@all +get");
        assertThat(shown).doesNotContain("sesame");
    }

    @Test
    void save_andLoad_bringTheUsersBack() throws Exception {
        client.ask("ACL SETUSER alice on >pw ~a* +get");
        assertThat(client.ask("ACL SAVE")).isEqualTo("+OK");
        Path file = probe.users.file();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        client.ask("ACL DELUSER alice");
        assertThat(client.ask("ACL LOAD")).isEqualTo("+OK");
        assertThat(client.ask("AUTH alice pw")).isEqualTo("+OK");
        Files.writeString(file, "user bob on\nuser carol +nosuch\n");
        assertThat(probe.connect().ask("ACL LOAD")).contains("users.acl:2: ");
        assertThat(probe.users.user("bob")).isNull();
    }

    @Test
    void load_keepsTheRequiredPassword() throws Exception {
        probe.users.require("secret");
        Files.writeString(probe.users.file(), "user alice on nopass ~* +@all\n");
        assertThat(client.ask("ACL LOAD")).isEqualTo("+OK");
        assertThat(probe.connect().ask("PING")).isEqualTo("-NOAUTH Authentication required.");
        Files.writeString(probe.users.file(), "user default on nopass ~* +@all\n");
        assertThat(client.ask("ACL LOAD")).isEqualTo("+OK");
        Probe.Session stranger = probe.connect();
        assertThat(stranger.ask("PING")).isEqualTo("-NOAUTH Authentication required.");
        assertThat(stranger.ask("AUTH secret")).isEqualTo("+OK");
    }

    @Test
    void require_withoutAPassword_givesTheUsersOwnBack() throws Exception {
        client.ask("ACL SETUSER default resetpass >own");
        probe.users.require("secret");
        Probe.Session stranger = probe.connect();
        assertThat(stranger.ask("AUTH own")).startsWith("-WRONGPASS");
        probe.users.require("");
        assertThat(stranger.ask("AUTH secret")).startsWith("-WRONGPASS");
        assertThat(stranger.ask("AUTH own")).isEqualTo("+OK");
    }

    @Test
    void guardedNode_letsNoStrangerIn() throws Exception {
        assertThatThrownBy(() -> probe.users.guard(true)).isInstanceOf(AclRefused.class);
        probe.users.require("secret");
        probe.users.guard(true);
        assertThat(client.ask("ACL SETUSER default nopass")).startsWith("-ERR other machines");
        assertThatThrownBy(() -> probe.users.require("")).isInstanceOf(AclRefused.class);
        assertThat(client.ask("ACL SETUSER default off nopass")).isEqualTo("+OK");
        assertThat(client.ask("ACL SETUSER default on")).startsWith("-ERR other machines");
        assertThat(client.ask("ACL SETUSER default on >other")).isEqualTo("+OK");
        assertThat(probe.users.stranger()).isNull();
    }

    @Test
    void load_thatWouldLetStrangersIntoAGuardedNode_isRefused() throws Exception {
        client.ask("ACL SETUSER default >secret");
        probe.users.guard(true);
        Files.writeString(probe.users.file(), "user alice on >pw ~* +@all\n");
        assertThat(client.ask("ACL LOAD")).contains("users.acl: other machines");
        assertThat(probe.users.user("alice")).isNull();
        assertThat(probe.connect().ask("AUTH secret")).isEqualTo("+OK");
    }

    @Test
    void cat_namesCategoriesAndCommands() {
        assertThat(client.ask("ACL CAT")).contains("keyspace", "dangerous");
        assertThat(client.ask("ACL CAT transaction"))
                .contains("multi", "exec")
                .doesNotContain("get");
        assertThat(client.ask("ACL CAT nosuch")).startsWith("-ERR Unknown category");
    }

    @Test
    void genpass_givesHexOfTheBits() {
        assertThat(client.ask("ACL GENPASS 32")).matches("\\$8 [0-9a-f]{8}");
        assertThat(client.ask("ACL GENPASS 5000")).startsWith("-ERR");
    }
}
