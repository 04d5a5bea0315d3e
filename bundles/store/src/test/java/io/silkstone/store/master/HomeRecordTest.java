package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeRecordTest {
    private static final String HOLD = "kernel (dev=1,ino=2)";
    private static final long BOOT = 0x9000_0000_0000_0001L;

    @TempDir Path folder;
    private Path file;

    @BeforeEach
    void setUp() {
        file = folder.resolve("member");
    }

    @Test
    void ended_firstProcess_isNone() {
        assertThat(new HomeRecord(file, HOLD).ended()).isEqualTo(Predecessor.NONE);
    }

    @Test
    void ended_sameHold_isTheLastBootOfTheOneBefore() {
        HomeRecord first = new HomeRecord(file, HOLD);
        first.enlists(7);
        first.enlists(BOOT);

        HomeRecord second = new HomeRecord(file, HOLD);
        second.enlists(8);

        assertThat(second.ended()).isEqualTo(BOOT);
        assertThat(new HomeRecord(file, HOLD).ended()).isEqualTo(8);
    }

    @Test
    void ended_anotherHold_isNone() {
        new HomeRecord(file, HOLD).enlists(BOOT);

        HomeRecord copied = new HomeRecord(file, "kernel (dev=1,ino=3)");

        assertThat(copied.ended()).isEqualTo(Predecessor.NONE);
    }

    @Test
    void ended_damaged_isNone() throws Exception {
        Files.writeString(file, HOLD + "\nxyz\n");
        assertThat(new HomeRecord(file, HOLD).ended()).isEqualTo(Predecessor.NONE);
        Files.writeString(file, HOLD + "\n");
        assertThat(new HomeRecord(file, HOLD).ended()).isEqualTo(Predecessor.NONE);
    }
}
