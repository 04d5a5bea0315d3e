package io.silkstone.gateway.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionCommandsTest {
    private final Probe probe = new Probe();
    private final Probe.Session client = probe.connect();

    @AfterEach
    void close() {
        probe.close();
    }

    @Test
    void unknownCommand_isSaidInTheWordsThatClientsLookFor() {
        assertThat(client.ask("NOSUCH a b"))
                .isEqualTo("-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b'");
        assertThat(client.ask("GETT a")).startsWith("-ERR unknown command 'GETT'");
        assertThat(client.send("G\0T", "a")).startsWith("-ERR unknown command");
        assertThat(client.send("")).startsWith("-ERR unknown command ''");
    }

    @Test
    void names_areFoundInAnyCase() {
        for (Command command : probe.server.commands.commands()) {
            assertThat(probe.server.commands.find(command.name().toUpperCase())).isSameAs(command);
            assertThat(client.ask("COMMAND INFO " + command.name().toUpperCase()))
                    .contains(command.name());
        }
    }

    @Test
    void arity_isChecked() {
        assertThat(client.ask("GET")).isEqualTo("-ERR wrong number of arguments for 'get' command");
        assertThat(client.ask("GET a b")).startsWith("-ERR wrong number of arguments");
        assertThat(client.ask("PING a b")).startsWith("-ERR wrong number of arguments");
    }

    @Test
    void hello_switchesTheVersion() {
        assertThat(client.ask("HELLO 4")).isEqualTo("-NOPROTO unsupported protocol version");
        assertThat(client.ask("HELLO 3 SETNAME me")).startsWith("%8 $6 server $5 redis");
        assertThat(client.ask("GET none")).isEqualTo("_");
        assertThat(client.ask("CLIENT GETNAME")).isEqualTo("$2 me");
        assertThat(client.ask("HELLO 2")).startsWith("*16");
        assertThat(client.ask("GET none")).isEqualTo("$-1");
        assertThat(client.ask("HELLO 3 WHAT")).startsWith("-ERR Syntax error in HELLO option");
    }

    @Test
    void select_hasOneDatabase() {
        assertThat(client.ask("SELECT 0")).isEqualTo("+OK");
        assertThat(client.ask("SELECT 1")).isEqualTo("-ERR DB index is out of range");
        assertThat(client.ask("SWAPDB 0 1")).isEqualTo("-ERR DB index is out of range");
    }

    @Test
    void quit_endsAfterItsReply() {
        assertThat(client.raw("*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n")).isEqualTo("+OK\r\n");
        assertThat(client.client.closing()).isTrue();
    }

    @Test
    void reset_makesTheClientNew() {
        client.ask("HELLO 3 SETNAME me");
        client.ask("MULTI");
        assertThat(client.ask("RESET")).isEqualTo("+RESET");
        assertThat(client.ask("CLIENT GETNAME")).isEqualTo("$-1");
        assertThat(client.ask("EXEC")).isEqualTo("-ERR EXEC without MULTI");
    }

    @Test
    void clientReply_hidesReplies() {
        assertThat(client.ask("CLIENT REPLY SKIP")).isEmpty();
        assertThat(client.ask("PING")).isEmpty();
        assertThat(client.ask("PING")).isEqualTo("+PONG");
        assertThat(client.raw("CLIENT REPLY OFF\r\nPING\r\nKEYS *\r\nCLIENT REPLY ON\r\nPING\r\n"))
                .isEqualTo("+OK\r\n+PONG\r\n");
        assertThat(client.raw("CLIENT REPLY SKIP\r\nKEYS *\r\nPING\r\n")).isEqualTo("+PONG\r\n");
    }

    @Test
    void clientList_showsWhoIsThere() {
        Probe.Session other = probe.connect();
        other.ask("CLIENT SETNAME other");
        other.ask("CLIENT SETINFO LIB-NAME jedis");
        assertThat(client.ask("CLIENT LIST"))
                .contains("id=1 addr=127.0.0.1:50001", "name=other", "lib-name=jedis");
        assertThat(client.ask("CLIENT LIST ID 2")).doesNotContain("id=1 ");
        assertThat(client.ask("CLIENT ID")).isEqualTo(":1");
        assertThat(client.ask("CLIENT KILL ID 2")).isEqualTo(":1");
        assertThat(other.killed).isTrue();
        assertThat(client.ask("CLIENT KILL 1.2.3.4:5")).isEqualTo("-ERR No such client");
        assertThat(client.send("CLIENT", "SETNAME", "a b")).startsWith("-ERR Client names");
    }

    @Test
    void command_describesItself() {
        assertThat(client.ask("COMMAND COUNT"))
                .isEqualTo(":" + probe.server.commands.commands().size());
        assertThat(client.ask("COMMAND GETKEYS MSET a 1 b 2")).isEqualTo("*2 $1 a $1 b");
        assertThat(client.ask("COMMAND INFO nosuch")).isEqualTo("*1 $-1");
        assertThat(client.ask("COMMAND DOCS get")).contains("summary", "Returns a value.");
        assertThat(client.ask("COMMAND LIST FILTERBY PATTERN pe*at")).isEqualTo("*1 $9 pexpireat");
    }

    @Test
    void info_hasTheSectionsThatToolsRead() {
        client.ask("SET k v");
        String info = client.send("INFO", "everything");
        assertThat(info)
                .contains(
                        "# Server",
                        "# Clients",
                        "# Memory",
                        "# Persistence",
                        "# Stats",
                        "# Replication",
                        "# Cluster",
                        "# Keyspace",
                        "redis_version:",
                        "role:master",
                        "db0:keys=1,expires=0",
                        "cmdstat_set:calls=1,");
        assertThat(client.send("INFO", "keyspace")).doesNotContain("# Server");
    }

    @Test
    void info_runId_isDrawnAndNotTheNodes() {
        String info = client.send("INFO", "server");
        assertThat(info).containsPattern("run_id:[0-9a-f]{40}\r\n").doesNotContain("ab".repeat(20));
        assertThat(client.send("INFO", "server")).isEqualTo(info);
    }

    @Test
    void statistics_tellRefusedFromFailed() {
        client.ask("SET s x");
        client.ask("INCR s");
        client.ask("INCR");
        client.ask("NOSUCH");
        String info = client.send("INFO", "commandstats", "errorstats");
        assertThat(info).contains("errorstat_ERR:count=3");
        assertThat(info).containsPattern("cmdstat_incr:calls=1,.*rejected_calls=1,failed_calls=1");
        client.ask("CONFIG RESETSTAT");
        assertThat(client.send("INFO", "errorstats")).doesNotContain("errorstat_ERR");
    }

    @Test
    void info_countsSubcommandsOneByOne() {
        client.ask("CONFIG SET latency-tracking yes");
        client.ask("CONFIG SET timeout 0");
        client.ask("CLIENT ID");
        client.ask("client id");
        client.ask("CLIENT ID more");
        client.ask("CLIENT WHAT");
        client.ask("CLIENT");
        String info = client.send("INFO", "commandstats", "latencystats");
        assertThat(info).containsPattern("cmdstat_client\\|id:calls=3,.*failed_calls=1");
        assertThat(info).containsPattern("cmdstat_client:calls=1,.*rejected_calls=1");
        assertThat(info).contains("cmdstat_config|set:calls=2,");
        assertThat(info).contains("latency_percentiles_usec_client|id:p50=");
        assertThat(client.ask("LATENCY HISTOGRAM config")).startsWith("*2 $10 config|set ");
        assertThat(client.ask("LATENCY HISTOGRAM client|id")).startsWith("*2 $9 client|id ");
    }

    @Test
    void subcommands_areThoseThatAnswer() {
        for (Command command : probe.server.commands.commands()) {
            if (command.subcommands().names().isEmpty()) {
                continue;
            }
            String name = command.name();
            for (String subcommand : command.subcommands().names()) {
                assertThat(client.send(name, subcommand, "a", "b", "c", "d"))
                        .doesNotContain("unknown subcommand");
            }
            String[] help = client.send(name, "HELP").split("\r\n");
            for (int i = 2; i < help.length; i++) {
                String shown = help[i].substring(1).split(" ")[0].toLowerCase(Locale.ROOT);
                assertThat(command.subcommands().names()).contains(shown);
            }
        }
    }

    @Test
    void maxmemory_exceeded_refusesWhatNeedsMemory() {
        client.ask("SET k v");
        client.ask("CONFIG RESETSTAT");
        assertThat(client.ask("CONFIG SET maxmemory 1")).isEqualTo("+OK");
        assertThat(client.ask("CONFIG GET maxmemory")).isEqualTo("*2 $9 maxmemory $1 1");
        assertThat(client.ask("INFO memory")).contains(" maxmemory:1 ");
        String refusal = "-OOM command not allowed when used memory > 'maxmemory'.";
        assertThat(client.ask("SET k w")).isEqualTo(refusal);
        assertThat(client.ask("INCR n")).isEqualTo(refusal);
        assertThat(client.ask("GET k")).isEqualTo("$1 v");
        assertThat(client.ask("DEL k")).isEqualTo(":1");
        assertThat(client.send("INFO", "commandstats", "errorstats"))
                .contains("errorstat_OOM:count=2")
                .containsPattern("cmdstat_set:calls=0,.*rejected_calls=1,failed_calls=0");
        assertThat(client.ask("CONFIG SET maxmemory 0")).isEqualTo("+OK");
        assertThat(client.ask("SET k v")).isEqualTo("+OK");
    }

    @Test
    void maxmemory_exceeded_refusesTransactionsThatNeedMemory() {
        Probe.Session other = probe.connect();
        client.ask("MULTI");
        client.ask("SET k v");
        other.ask("CONFIG SET maxmemory 1");
        assertThat(client.ask("EXEC"))
                .startsWith("-EXECABORT Transaction discarded because of: OOM command not allowed");
        client.ask("MULTI");
        client.ask("GET k");
        assertThat(client.ask("EXEC")).isEqualTo("*1 $-1");
        client.ask("MULTI");
        assertThat(client.ask("SET k v")).startsWith("-OOM ");
        assertThat(client.ask("EXEC")).startsWith("-EXECABORT ");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 67108864",
        "1kb, 1024",
        "3k, 3000",
        "2MB, 2097152",
        "1gb, 67108864",
        "999999999999999999gb, 67108864"
    })
    void maxmemory_isAtMostTheStores(String set, String shown) {
        assertThat(client.ask("CONFIG SET maxmemory " + set)).isEqualTo("+OK");
        assertThat(client.ask("CONFIG GET maxmemory")).endsWith(" " + shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "much", "1tb", "0.5gb", "kb"})
    void maxmemory_thatIsNone_isRefused(String value) {
        assertThat(client.ask("CONFIG SET maxmemory " + value))
                .endsWith("'maxmemory') - argument must be a memory value");
    }

    @Test
    void info_countsWhatIsFoundAndWhatIsNot() {
        client.ask("MSET a 1 b 2");
        client.ask("LPUSH l 1");
        client.ask("GET a");
        client.ask("MGET a b c");
        client.ask("EXISTS a c");
        client.ask("LRANGE l 0 -1");
        client.ask("TTL c");
        client.ask("INCR a");
        client.ask("DEL nothing");
        assertThat(client.send("INFO", "stats"))
                .contains("keyspace_hits:5\r\n", "keyspace_misses:3\r\n");
        client.ask("CONFIG RESETSTAT");
        assertThat(client.send("INFO", "stats"))
                .contains("keyspace_hits:0\r\n", "keyspace_misses:0\r\n");
    }

    @Test
    void info_tellsHowManyObjectsExpire() {
        client.ask("MSET a 1 b 2");
        client.ask("SET c 3 PX 1000");
        client.ask("SET d 4 PX 3000");
        assertThat(client.send("INFO", "keyspace"))
                .contains("db0:keys=4,expires=2,avg_ttl=2000\r\n");
        for (int i = 0; i < 1000; i++) {
            client.ask("SET k" + i + " v PX 5000");
        }
        String estimated = client.send("INFO", "keyspace");
        Matcher found = Pattern.compile("keys=1004,expires=(\\d+),avg").matcher(estimated);
        assertThat(found.find()).as(estimated).isTrue();
        assertThat(Integer.parseInt(found.group(1))).isBetween(900, 1004);
    }

    @Test
    void info_tellsTheRateOfTheLastSecond() {
        probe.server.statistics.sampleRate(0);
        for (int i = 0; i < 10; i++) {
            client.ask("PING");
        }
        probe.server.statistics.sampleRate(500_000_000);
        assertThat(client.send("INFO", "stats")).contains("instantaneous_ops_per_sec:0\r\n");
        probe.server.statistics.sampleRate(2_000_000_000);
        assertThat(client.send("INFO", "stats")).contains("instantaneous_ops_per_sec:6\r\n");
        probe.server.statistics.sampleRate(4_000_000_000L);
        assertThat(client.send("INFO", "stats")).contains("instantaneous_ops_per_sec:1\r\n");
    }

    @Test
    void info_tellsUserAndSystemTimeApart() {
        String info = client.send("INFO", "cpu", "memory");
        assertThat(info).containsPattern("used_cpu_sys:\\d+\\.\\d+\r\n");
        Matcher user = Pattern.compile("used_cpu_user:(\\d+\\.\\d+)").matcher(info);
        assertThat(user.find()).isTrue();
        double all =
                ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
        assertThat(Double.parseDouble(user.group(1))).isPositive().isLessThan(all);
        Matcher resident = Pattern.compile("used_memory_rss:(\\d+)").matcher(info);
        assertThat(resident.find()).isTrue();
        assertThat(Long.parseLong(resident.group(1))).isGreaterThan(10L << 20);
    }

    @Test
    void config_showsAndSets() {
        assertThat(client.ask("CONFIG GET maxmemory")).isEqualTo("*2 $9 maxmemory $8 67108864");
        assertThat(client.ask("CONFIG SET slowlog-max-len 5 timeout 7")).isEqualTo("+OK");
        assertThat(client.ask("CONFIG GET slowlog-max-* timeout"))
                .isEqualTo("*4 $15 slowlog-max-len $1 5 $7 timeout $1 7");
        assertThat(client.ask("CONFIG SET timeout 9 databases 5")).startsWith("-ERR CONFIG SET");
        assertThat(client.ask("CONFIG GET timeout")).endsWith("$1 7");
        assertThat(client.ask("CONFIG SET nosuch 1")).startsWith("-ERR Unknown option");
        assertThat(client.ask("CONFIG SET timeout 1 timeout 2")).contains("duplicate");
        assertThat(client.ask("CONFIG SET appendonly yes")).contains("must be 'no'");
    }

    @ParameterizedTest
    @CsvSource({
        "CLIENT ID x, -ERR wrong number of arguments for 'client|id' command",
        "CLIENT WHAT, -ERR unknown subcommand 'WHAT'. Try CLIENT HELP.",
        "CLIENT KILL, -ERR wrong number of arguments for 'client|kill' command",
        "CLIENT KILL ID -1, -ERR client-id should be greater than 0",
        "CLIENT KILL TYPE what, -ERR Unknown client type 'what'",
        "CLIENT UNBLOCK 9 what, -ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
        "CONFIG GET, -ERR wrong number of arguments for 'config|get' command",
        "CONFIG SET timeout, -ERR wrong number of arguments for 'config|set' command",
        "CONFIG SET timeout 1 x, -ERR syntax error",
        "COMMAND COUNT x, -ERR wrong number of arguments for 'command|count' command",
        "SLOWLOG LEN x, -ERR wrong number of arguments for 'slowlog|len' command",
        "SLOWLOG WHAT, -ERR unknown subcommand 'WHAT'. Try SLOWLOG HELP.",
        "LATENCY HISTORY, -ERR wrong number of arguments for 'latency|history' command",
        "LATENCY GRAPH e, -ERR No samples available for event 'e'",
        "MEMORY USAGE, -ERR wrong number of arguments for 'memory|usage' command",
        "OBJECT ENCODING, -ERR wrong number of arguments for 'object|encoding' command",
        "OBJECT WHAT none, -ERR unknown subcommand 'WHAT'. Try OBJECT HELP.",
        "READONLY, -ERR This instance has cluster support disabled",
        "SWAPDB 0 0, +OK",
        "SWAPDB 0 1, -ERR DB index is out of range"
    })
    void subcommands_refuseInRedissWords(String request, String reply) {
        assertThat(client.ask(request)).isEqualTo(reply);
    }

    @Test
    void latency_isCountedWhenWanted() {
        client.ask("SET k v");
        assertThat(client.ask("LATENCY HISTOGRAM")).isEqualTo("*0");
        client.ask("CONFIG SET latency-tracking yes");
        client.ask("SET k v");
        client.ask("GET k");
        client.ask("GET k");
        assertThat(client.ask("LATENCY HISTOGRAM get nosuch"))
                .isEqualTo("*2 $3 get *4 $5 calls :2 $14 histogram_usec *2 :1 :2");
        assertThat(client.ask("INFO latencystats"))
                .contains("latency_percentiles_usec_get:p50=0.000,p99=0.000,p99.9=0.000");
        client.send("CONFIG", "SET", "latency-tracking-info-percentiles", "0.0 50.0 100.0");
        assertThat(client.ask("CONFIG GET latency-tracking-info-percentiles")).endsWith("0 50 100");
        assertThat(client.ask("INFO everything")).contains("_get:p0=0.000,p50=0.000,p100=0.000");
        client.ask("CONFIG SET latency-tracking no");
        client.ask("CONFIG RESETSTAT");
        client.ask("GET k");
        assertThat(client.ask("INFO latencystats")).doesNotContain("usec_get");
    }

    @ParameterizedTest
    @ValueSource(strings = {"101", "-1", "a", "50,99", "1e1"})
    void percentiles_thatAreNone_areRefused(String percentiles) {
        assertThat(client.ask("CONFIG SET latency-tracking-info-percentiles " + percentiles))
                .startsWith("-ERR CONFIG SET failed");
    }

    @Test
    void slowlog_keepsTheNewest() {
        client.ask("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 2");
        client.ask("SLOWLOG RESET");
        client.ask("PING one");
        client.ask("PING two");
        client.ask("PING three");
        assertThat(client.ask("SLOWLOG GET 1")).contains("three").doesNotContain("two");
        assertThat(client.ask("SLOWLOG LEN")).isEqualTo(":2");
    }

    @Test
    void slowlog_keepsNoPassword() {
        client.ask("CONFIG SET slowlog-log-slower-than 0");
        client.ask("CONFIG SET timeout 9");
        client.ask("ACL SETUSER alice on >sesame ~* +@all");
        client.ask("AUTH alice sesame");
        client.ask("HELLO 3 AUTH alice sesame");
        client.ask("CONFIG SET RequirePass sesame");
        client.ask("MULTI");
        client.ask("CONFIG SET requirepass sesame");
        client.ask("EXEC");
        String shown = client.ask("SLOWLOG GET -1");
        assertThat(shown).doesNotContain("sesame");
        assertThat(shown).contains("$5 alice $10 (redacted)", "$4 AUTH $10 (redacted)");
        assertThat(shown).contains("$11 RequirePass $10 (redacted)", "$7 timeout $1 9");
    }

    @Test
    void cluster_isOffUnlessToldOtherwise() {
        assertThat(client.ask("CLUSTER SLOTS"))
                .isEqualTo("-ERR This instance has cluster support disabled");
        try (Probe cluster = new Probe(null, true)) {
            Probe.Session member = cluster.connect();
            assertThat(member.ask("CLUSTER KEYSLOT foo")).isEqualTo(":12182");
            assertThat(member.ask("CLUSTER SLOTS")).startsWith("*1 *3 :0 :16383 *4 $9 127.0.0.1");
            assertThat(member.ask("CLUSTER NODES")).contains("myself,master - 0 0 1 connected");
            member.ask("MSET foo 1 {foo}2 2 bar 3");
            assertThat(member.ask("CLUSTER COUNTKEYSINSLOT 12182")).isEqualTo(":2");
            assertThat(member.ask("CLUSTER GETKEYSINSLOT 12182 1")).startsWith("*1 ");
            assertThat(member.ask("CLUSTER COUNTKEYSINSLOT 16384")).isEqualTo("-ERR Invalid slot");
        }
    }

    @Test
    void version_guardsAWrite() {
        assertThat(client.ask("SILKSTONE.GETV k")).isEqualTo("*-1");
        String created = client.ask("SILKSTONE.CAS k 0 a");
        String[] read = client.ask("SILKSTONE.GETV k").split(" ");
        assertThat(read[1]).isEqualTo(created);
        assertThat(read[3]).isEqualTo("a");
        assertThat(client.ask("SILKSTONE.CAS k 0 b")).startsWith("-WRONGVERSION");
        String version = created.substring(1);
        assertThat(client.ask("SILKSTONE.CAS k " + version + " b")).startsWith(":");
        assertThat(client.ask("SILKSTONE.CAS k " + version + " c")).startsWith("-WRONGVERSION");
        assertThat(client.ask("GET k")).isEqualTo("$1 b");
    }

    @Test
    void longRequests_whenNoThreadIsFree_sayBusy() {
        probe.threads.refuseThreads();
        assertThat(client.ask("KEYS *")).startsWith("-BUSY");
        assertThat(client.ask("PING")).isEqualTo("+PONG");
    }

    @Test
    void slowPassword_whereverItStands_isCheckedInAThread() throws Exception {
        probe.users.set("default", List.of("resetpass", ">right"));
        Probe.Session stranger = probe.connect();
        probe.threads.refuseThreads();
        assertThat(stranger.ask("AUTH wrong")).startsWith("-BUSY");
        assertThat(stranger.ask("AUTH nobody wrong")).as("as slow").startsWith("-BUSY");
        assertThat(stranger.ask("HELLO 3 AUTH default wrong")).startsWith("-BUSY");
        assertThat(stranger.ask("HELLO 3 SETNAME AUTH AUTH default wrong")).startsWith("-BUSY");
        assertThat(stranger.ask("HELLO 3 WHAT AUTH default wrong")).startsWith("-ERR Syntax");
    }
}
