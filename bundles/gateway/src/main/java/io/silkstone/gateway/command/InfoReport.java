package io.silkstone.gateway.command;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The text of INFO, section by section, under the names that monitoring tools read. What is not
 * known here is left out.
 */
final class InfoReport {
    private static final List<String> USUAL =
            List.of(
                    "server",
                    "clients",
                    "memory",
                    "persistence",
                    "stats",
                    "replication",
                    "cpu",
                    "errorstats",
                    "cluster",
                    "keyspace");

    private final Exchange x;
    private final StringBuilder text = new StringBuilder();

    private InfoReport(Exchange x) {
        this.x = x;
    }

    /** Sections by name, without one the usual ones. */
    static String of(Exchange x, List<String> names) {
        List<String> sections = new ArrayList<>();
        if (names.isEmpty()) {
            sections.addAll(USUAL);
        }
        for (String name : names) {
            switch (name.toLowerCase(Locale.ROOT)) {
                case "default" -> sections.addAll(USUAL);
                case "all", "everything" -> {
                    sections.addAll(USUAL);
                    sections.add("commandstats");
                    sections.add("latencystats");
                }
                default -> sections.add(name.toLowerCase(Locale.ROOT));
            }
        }
        InfoReport report = new InfoReport(x);
        sections.stream().distinct().forEach(report::section);
        return report.text.toString();
    }

    private void section(String name) {
        switch (name) {
            case "server" -> server();
            case "clients" -> clients();
            case "memory" -> memory();
            case "persistence" -> persistence();
            case "stats" -> stats();
            case "replication" -> replication();
            case "cpu" -> cpu();
            case "commandstats" -> commandstats();
            case "errorstats" -> errorstats();
            case "latencystats" -> latencystats();
            case "cluster" -> {
                title("Cluster");
                line("cluster_enabled", x.server.isClustered() ? 1 : 0);
            }
            case "keyspace" -> keyspace();
            default -> {
                // An unknown section is empty, as in Redis.
            }
        }
    }

    private void title(String title) {
        if (!text.isEmpty()) {
            text.append("\r\n");
        }
        text.append("# ").append(title).append("\r\n");
    }

    private void line(String name, Object value) {
        text.append(name).append(':').append(value).append("\r\n");
    }

    private void server() {
        ServerContext.Identity identity = x.server.identity();
        long seconds = (x.server.clock.millis() - x.server.startedMillis) / 1000;
        title("Server");
        line("redis_version", ConnectionCommands.REDIS_VERSION);
        line("redis_mode", x.server.isClustered() ? "cluster" : "standalone");
        line("silkstone_version", identity.version());
        line("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        line("arch_bits", 64);
        line("java_version", Runtime.version());
        line("threads", x.server.threads.mode());
        line("process_id", ProcessHandle.current().pid());
        line("run_id", x.server.runId);
        line("tcp_port", identity.port());
        line("uptime_in_seconds", seconds);
        line("uptime_in_days", seconds / 86_400);
        line("hz", 10);
    }

    private void clients() {
        title("Clients");
        line("connected_clients", x.server.clients().size());
        line("maxclients", x.server.settings.clientsMax());
        line("blocked_clients", 0);
    }

    private void memory() {
        KvStore.Usage usage = x.server.store.usage();
        title("Memory");
        line("used_memory", usage.allocated());
        line("used_memory_human", human(usage.allocated()));
        ProcessFigures process = ProcessFigures.read();
        if (process != null) {
            line("used_memory_rss", process.residentBytes());
            line("used_memory_rss_human", human(process.residentBytes()));
        }
        line("used_memory_dataset", usage.logLive());
        line("used_memory_log", usage.logUsed());
        line("used_memory_hash_tables", usage.hashTables());
        line("maxmemory", x.server.settings.memoryBytesMax());
        line("maxmemory_human", human(x.server.settings.memoryBytesMax()));
        line("maxmemory_policy", "noeviction");
        line("mem_allocator", "silkstone-log");
        Runtime runtime = Runtime.getRuntime();
        line("java_heap_used", runtime.totalMemory() - runtime.freeMemory());
        line("java_heap_max", runtime.maxMemory());
    }

    private static String human(long bytes) {
        String[] units = {"B", "K", "M", "G", "T"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + "B" : String.format(Locale.ROOT, "%.2f%s", value, units[unit]);
    }

    private void persistence() {
        title("Persistence");
        line("loading", 0);
        line("rdb_changes_since_last_save", 0);
        line("rdb_bgsave_in_progress", 0);
        line("rdb_last_bgsave_status", "ok");
        line("aof_enabled", 0);
    }

    private void stats() {
        long errors =
                x.server.statistics.errors().values().stream().mapToLong(LongAdder::sum).sum();
        CommandStatistics.Tally sum = x.server.statistics.sum();
        title("Stats");
        line("total_connections_received", x.server.connectionsEver());
        line("total_commands_processed", x.server.statistics.requests());
        line("instantaneous_ops_per_sec", x.server.statistics.requestsPerSecond());
        line("keyspace_hits", sum.hits);
        line("keyspace_misses", sum.misses);
        line("rejected_connections", x.server.connectionsRefused());
        line("total_error_replies", errors);
        line("acl_access_denied_auth", x.server.statistics.authenticationFailures());
    }

    private void replication() {
        title("Replication");
        line("role", "master");
        line("connected_slaves", 0);
        line("master_failover_state", "no-failover");
        line("master_replid", x.server.runId);
        line("master_repl_offset", 0);
    }

    private void cpu() {
        title("CPU");
        ProcessFigures process = ProcessFigures.read();
        if (process != null) {
            line("used_cpu_sys", String.format(Locale.ROOT, "%.6f", process.systemSeconds()));
            line("used_cpu_user", String.format(Locale.ROOT, "%.6f", process.userSeconds()));
        }
    }

    private void commandstats() {
        title("Commandstats");
        CommandStatistics.Tally sum = x.server.statistics.sum();
        List<String> counted = x.server.commands.counted();
        for (int id = 0; id < counted.size(); id++) {
            if (sum.calls[id] + sum.refused[id] == 0) {
                continue;
            }
            double micros = sum.nanos[id] / 1000.0;
            line(
                    "cmdstat_" + counted.get(id),
                    String.format(
                            Locale.ROOT,
                            "calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
                            sum.calls[id],
                            (long) micros,
                            sum.calls[id] == 0 ? 0 : micros / sum.calls[id],
                            sum.refused[id],
                            sum.failed[id]));
        }
    }

    private void errorstats() {
        title("Errorstats");
        Map<String, LongAdder> errors = new TreeMap<>(x.server.statistics.errors());
        errors.forEach((code, count) -> line("errorstat_" + code, "count=" + count.sum()));
    }

    private void latencystats() {
        title("Latencystats");
        CommandStatistics.Tally sum = x.server.statistics.sum();
        List<String> counted = x.server.commands.counted();
        for (int id = 0; id < counted.size(); id++) {
            LatencyCounts counts = sum.latencies[id];
            if (counts != null) {
                List<String> shown = new ArrayList<>();
                for (String percent : x.server.settings.percentiles()) {
                    double micros = counts.percentile(Double.parseDouble(percent)) / 1000.0;
                    shown.add(String.format(Locale.ROOT, "p%s=%.3f", percent, micros));
                }
                line("latency_percentiles_usec_" + counted.get(id), String.join(",", shown));
            }
        }
    }

    private void keyspace() {
        title("Keyspace");
        long objects = x.table.objects();
        if (objects > 0) {
            Expiries expiries = new Expiries(x.nowMillis());
            expiries.sample(x);
            line(
                    "db0",
                    "keys="
                            + objects
                            + ",expires="
                            + expiries.of(objects)
                            + ",avg_ttl="
                            + expiries.averageMillis());
        }
    }

    /**
     * How many objects expire, and when. The store keeps no count of them; a few objects are looked
     * at, which are all of a small table and stand for the others of a large one.
     */
    private static final class Expiries {
        private static final int SAMPLE = 256;

        private final long nowMillis;
        private int seen;
        private int expiring;
        private double millis;

        Expiries(long nowMillis) {
            this.nowMillis = nowMillis;
        }

        /** In a session of its own: a report on a node whose disk stalls must not wait for it. */
        void sample(Exchange x) {
            if (x.isLocked()) {
                sample(x.session, x.table);
                return;
            }
            // Whoever clears the table waits for every session that is in a batch: for one here.
            x.session.exit();
            try (KvSession session = x.server.store.openSession()) {
                session.enter();
                sample(session, x.table);
                session.exit();
            } catch (IllegalStateException allOpen) {
                // A node without a session to spare has a report without this.
                seen = 0;
            } finally {
                x.session.enter();
            }
        }

        private void sample(KvSession session, KvStore.Table table) {
            if (session.scan(table, 0, SAMPLE, this::add) == 0) {
                return;
            }
            // What a scan meets first is not chosen by chance.
            seen = 0;
            expiring = 0;
            millis = 0;
            for (int i = 0; i < SAMPLE && session.random(table) == Status.OK; i++) {
                add(session.object());
            }
        }

        private void add(ObjectView object) {
            seen++;
            if (object.expiryMillis() != 0) {
                expiring++;
                millis += object.expiryMillis() - nowMillis;
            }
        }

        long of(long objects) {
            return seen == 0 ? 0 : Math.round((double) objects * expiring / seen);
        }

        long averageMillis() {
            return expiring == 0 ? 0 : Math.round(millis / expiring);
        }
    }
}
