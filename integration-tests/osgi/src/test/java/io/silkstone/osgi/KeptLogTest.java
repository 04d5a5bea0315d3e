package io.silkstone.osgi;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node that keeps its log on disk, by whatever it was ended. */
class KeptLogTest {
    private static final long SEED = Long.getLong("kept.seed", System.nanoTime() & 0xffff_ffffL);
    private static final String STORE = "io.silkstone.store.master.cfg";
    private static final String DIRECTORY = "data/store";

    /** So little that the log is cleaned while it is tested. */
    private static final String MEMORY = "\nmemory.bytes = 33554432\n";

    private static final int LIVES = 3;
    private static final int CHANGES_MIN = 500;
    private static final int CHANGES_MAX = 8_000;

    private static OperatedNode left;

    private final OperatedNode node;

    KeptLogTest() throws Exception {
        node = new OperatedNode();
    }

    /** Leaves a log of some objects, of a node that was killed. */
    @BeforeAll
    static void leaveALog() throws Exception {
        left = new OperatedNode();
        keep(left, "ALWAYS");
        left.started();
        try (RespConnection client = left.connect()) {
            for (int number = 0; number < 100; number++) {
                assertThat(client.call("SET", "kept-" + number, "fruit")).isEqualTo("OK");
            }
        }
        left.kill();
    }

    @AfterAll
    static void closeLeft() throws Exception {
        left.close();
    }

    @AfterEach
    void close() throws Exception {
        node.close();
    }

    private static void keep(OperatedNode node, String flush) throws IOException {
        node.configure(STORE, "log.flush = " + flush + "\nlog.flush.interval.ms = 20" + MEMORY);
        node.configure("jvm.options", NodeProcess.BRIEF);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NEVER", "INTERVAL", "ALWAYS"})
    void kill9_underLoad_losesNothingThatWasAcknowledged(String flush) throws Exception {
        keep(node, flush);
        SplittableRandom random = new SplittableRandom(SEED + flush.hashCode());
        KeptLoad load = new KeptLoad(random);
        node.started();
        List<String> wrong = new ArrayList<>();
        for (int life = 1; life <= LIVES; life++) {
            load.start(node.port());
            load.awaitAcknowledged(random.nextInt(CHANGES_MIN, CHANGES_MAX));
            if (life == 2) {
                load.forgetAll();
                load.awaitAcknowledged(random.nextInt(CHANGES_MIN));
            }
            node.kill();
            load.ended();
            node.started();
            wrong.addAll(contradictions(load));
            wrong.addAll(load.complaints());
            assertThat(wrong).as("%s, life %d, seed %d", flush, life, SEED).isEmpty();
        }
    }

    private List<String> contradictions(KeptLoad load) throws IOException {
        List<String> wrong = new ArrayList<>();
        Map<String, String> found = new TreeMap<>();
        try (RespConnection connection = node.connect()) {
            for (KeyHistory history : load.histories()) {
                String state = KeptLoad.state(connection, history.key());
                found.put(history.key(), String.valueOf(state));
                history.goOnFrom(state).ifPresent(wrong::add);
            }
        }
        if (KeptLoad.TOGETHER.stream().map(found::get).distinct().count() > 1) {
            wrong.add("a part of a transaction: " + found);
        }
        return wrong;
    }

    /** The node's home gets the log that was left. */
    private void takeLog() throws IOException {
        Path store = Files.createDirectories(node.home().resolve(DIRECTORY));
        for (Map.Entry<String, ByteBuffer> file : contents(left.home()).entrySet()) {
            Files.write(store.resolve(file.getKey()), file.getValue().array());
        }
    }

    private static Map<String, ByteBuffer> contents(Path home) throws IOException {
        Map<String, ByteBuffer> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(home.resolve(DIRECTORY))) {
            for (Path file : files.toList()) {
                ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
                contents.put(file.getFileName().toString(), bytes);
            }
        }
        return contents;
    }

    private Path fullestSegment() throws IOException {
        try (Stream<Path> files = Files.list(node.home().resolve(DIRECTORY))) {
            return files.filter(file -> file.getFileName().toString().startsWith("segment-"))
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    private void assertRefused(Tool.Outcome outcome, String... parts) {
        assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
        assertThat(outcome.output().lines()).as(outcome.output()).hasSize(1);
        assertThat(outcome.output()).startsWith("silkstone: ").contains(parts);
    }

    /** Without the zeros that are room for more. */
    private static int writtenLength(Path segment) throws IOException {
        byte[] file = Files.readAllBytes(segment);
        int length = file.length;
        while (file[length - 1] == 0) {
            length--;
        }
        return length;
    }

    @Test
    void up_aLogButFlushOff_isRefusedAndTheLogStays() throws Exception {
        takeLog();
        keep(node, "OFF");
        assertRefused(
                node.up(),
                STORE + ": ",
                "log.flush is OFF",
                node.home().resolve(DIRECTORY).toString());
        assertThat(contents(node.home())).containsExactlyEntriesOf(contents(left.home()));
    }

    @Test
    void up_aSegmentDamagedInTheMiddle_isRefusedNamingFileAndByte() throws Exception {
        takeLog();
        keep(node, "ALWAYS");
        Path segment = fullestSegment();
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            long middle = writtenLength(segment) / 2;
            file.seek(middle);
            int was = file.read();
            file.seek(middle);
            file.write(was ^ 1 << SEED % Byte.SIZE);
        }
        assertRefused(node.up(), segment.toString(), " damaged from byte ");
    }

    @Test
    void up_aSegmentCutOffAtItsEnd_serves() throws Exception {
        takeLog();
        keep(node, "ALWAYS");
        Path segment = fullestSegment();
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.setLength(writtenLength(segment) - 10);
        }
        node.started();
        try (RespConnection client = node.connect()) {
            assertThat(client.call("GET", "kept-0")).isEqualTo("fruit");
            assertThat(client.call("GET", "kept-98")).isEqualTo("fruit");
        }
    }
}
