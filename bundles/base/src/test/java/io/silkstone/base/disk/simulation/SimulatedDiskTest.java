package io.silkstone.base.disk.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.base.disk.Disk;
import io.silkstone.base.disk.simulation.SimulatedDisk.Crash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimulatedDiskTest {
    private static final int SEEDS = 200;

    private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));

    private static Disk.Writer written(Disk on, String name, String text) throws IOException {
        Disk.Writer writer = on.open(name);
        write(writer, 0, text);
        return writer;
    }

    private static void write(Disk.Writer writer, long offset, String text) throws IOException {
        writer.write(offset, ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    private static String text(Disk of, String name) throws IOException {
        return new String(of.read(name), UTF_8);
    }

    @Test
    void crashAfter_thatManyOperations_isDeadUntilTheNextProcess() throws IOException {
        Disk.Writer writer = written(disk, "a", "safe");
        disk.crashAfter(1);

        assertThatThrownBy(() -> write(writer, 4, "!")).isInstanceOf(Crash.class);
        assertThatThrownBy(disk::names).isInstanceOf(Crash.class);
        disk.restartProcess();
        assertThatThrownBy(writer::sync).isInstanceOf(Crash.class);
        assertThat(text(disk, "a")).isEqualTo("safe!");
    }

    @Test
    void restart_whatWasSynchronised_isThere() throws IOException {
        Disk.Writer writer = written(disk, "a", "safe");
        writer.sync();
        disk.sync();

        disk.restart();

        assertThat(text(disk, "a")).isEqualTo("safe");
        assertThat(disk.length("a")).isEqualTo(4);
    }

    @Test
    void restart_whatWasNot_isThereOrNotOrInPart() throws IOException {
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            written(machine, "a", "12");
            machine.rename("a", "b");
            machine.restart();
            List<String> names = machine.names();
            seen.add(names.isEmpty() ? "none" : names.get(0) + text(machine, names.get(0)));
        }
        assertThat(seen).containsExactlyInAnyOrder("none", "a", "a1", "a12", "b", "b1", "b12");
    }

    @Test
    void restart_afterAProcessThatEnded_losesWhatThatOneHadNotSynchronised() throws IOException {
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            written(machine, "a", "");
            machine.sync();
            write(machine.open("a"), 0, "1");
            machine.restartProcess();
            assertThat(text(machine, "a")).isEqualTo("1");
            machine.restart();
            seen.add(text(machine, "a"));
        }
        assertThat(seen).containsExactlyInAnyOrder("", "1");
    }

    @Test
    void sync_thatFailed_isFollowedByOneThatKnowsNothing() throws IOException {
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            Disk.Writer writer = written(machine, "a", "1");
            machine.sync();
            machine.syncFailures(1);
            assertThatThrownBy(writer::sync).isInstanceOf(IOException.class);
            machine.syncFailures(0);
            writer.sync();
            machine.restart();
            seen.add(text(machine, "a"));
        }
        assertThat(seen).containsExactlyInAnyOrder("", "1");
    }

    @Test
    void read_ofAPart_endsWithTheFile() throws IOException {
        written(disk, "a", "1234");
        assertThat(disk.read("a", 1, 2)).asString(UTF_8).isEqualTo("23");
        assertThat(disk.read("a", 2, 9)).asString(UTF_8).isEqualTo("34");
        assertThat(disk.read("a", 9, 9)).isEmpty();
    }

    @Test
    void write_thatFails_isDoneInPart() throws IOException {
        Disk.Writer writer = written(disk, "a", "");
        disk.writeFailures(1);
        assertThatThrownBy(() -> write(writer, 0, "1234")).isInstanceOf(IOException.class);
        disk.writeFailures(0);
        assertThat("1234").startsWith(text(disk, "a"));
    }

    @Test
    void write_beyondTheCapacity_fails() throws IOException {
        disk.capacity(6);
        written(disk, "a", "1234");
        assertThatThrownBy(() -> written(disk, "b", "5678"))
                .hasMessageContaining("No space left on device");
        assertThat(text(disk, "b")).isEqualTo("56");
        disk.delete("a");
        assertThat(text(disk, "b")).isEqualTo("56");
        written(disk, "b", "5678").close();
    }

    @Test
    void names_thatFail_areChangedOrNot() throws IOException {
        Set<List<String>> seen = new HashSet<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk machine = new SimulatedDisk(new SplittableRandom(seed));
            written(machine, "a", "1");
            machine.namesFailures(1);
            assertThatThrownBy(() -> machine.rename("a", "b")).isInstanceOf(IOException.class);
            assertThatThrownBy(machine::sync).isInstanceOf(IOException.class);
            seen.add(machine.names());
        }
        assertThat(seen).containsExactlyInAnyOrder(List.of("a"), List.of("b"));
    }

    @Test
    void flip_oneBit_staysAfterARestart() throws IOException {
        Disk.Writer writer = written(disk, "a", "a");
        writer.sync();
        disk.sync();

        disk.flip("a", 1);

        assertThat(text(disk, "a")).isEqualTo("c");
        disk.restart();
        assertThat(text(disk, "a")).isEqualTo("c");
    }

    @Test
    void copy_hasWhatIsSeen_andGoesItsOwnWay() throws IOException {
        Disk.Writer writer = written(disk, "a", "1");
        SimulatedDisk copy = disk.copy(new SplittableRandom(2));
        write(writer, 1, "2");

        copy.restart();

        assertThat(text(copy, "a")).isEqualTo("1");
        assertThat(text(disk, "a")).isEqualTo("12");
    }
}
