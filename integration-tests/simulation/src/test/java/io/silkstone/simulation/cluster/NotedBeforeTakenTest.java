package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.transport.Session;
import io.silkstone.api.transport.Transport;
import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.MigrateTabletDecoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.rpc.messages.TakeTabletDecoder;
import io.silkstone.rpc.messages.WriteReplicaDecoder;
import io.silkstone.simulation.Scenario;
import io.silkstone.simulation.settings.Settings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * A server's log says in its replicas that a range is about to come before the server takes the
 * tablet: acknowledged writes were lost to what it had held there before (scenario migration, seed
 * 7001755).
 */
class NotedBeforeTakenTest {
    private static final int RUNS = 20;

    /** Nobody fails, but messages get lost and are late, those to backups too. */
    private static final Settings MOVES =
            Settings.STANDARD
                    .with(ClusterSettings.SERVERS, "3")
                    .with(ClusterSettings.TABLE_REPLICAS, "1")
                    .with(ClusterSettings.CLIENTS, "2")
                    .with(ClusterSettings.OPERATIONS, "100")
                    .with(ClusterSettings.TROUBLES, "6")
                    .with(ClusterSettings.TROUBLE_QUIET, "200..300 ms")
                    .with(ClusterSettings.TROUBLE_KINDS, "1 migrate some tablet");

    private long taken;
    private long takenUnnoted;

    /** A tablet that a server was told to fetch. */
    private static final class Fetch {
        private final long table;
        private final long hash;

        /** Calls of messages with notes that left since then. */
        private final Set<Long> notes = new HashSet<>();

        private boolean isNoted;

        private Fetch(MigrateTabletDecoder migrate) {
            table = migrate.table();
            hash = migrate.hash();
        }

        private boolean isOf(TakeTabletDecoder take) {
            return table == take.table()
                    && Long.compareUnsigned(take.firstHash(), hash) <= 0
                    && Long.compareUnsigned(hash, take.lastHash()) <= 0;
        }
    }

    /** Sees what a server is asked and asks for. */
    private final class Watched extends OtherTransport {
        private final MessageHeaderDecoder header = new MessageHeaderDecoder();
        private final MigrateTabletDecoder migrate = new MigrateTabletDecoder();
        private final WriteReplicaDecoder write = new WriteReplicaDecoder();
        private final TakeTabletDecoder take = new TakeTabletDecoder();
        private final DoneDecoder done = new DoneDecoder();
        private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
        private final List<Fetch> fetches = new ArrayList<>();

        Watched(Transport genuine) {
            super(genuine);
        }

        private int kind(MemorySegment memory, long offset, int length) {
            message.wrap(memory.address() + offset, length);
            return header.wrap(message, 0).templateId();
        }

        @Override
        void leaves(Session session, MemorySegment memory, long offset, int length) {
            int kind = kind(memory, offset, length);
            if (kind == WriteReplicaDecoder.TEMPLATE_ID) {
                write.wrapAndApplyHeader(message, 0, header);
                long call = write.header().call();
                if (write.noteNumber() > 0) {
                    fetches.forEach(each -> each.notes.add(call));
                }
            } else if (kind == TakeTabletDecoder.TEMPLATE_ID) {
                take.wrapAndApplyHeader(message, 0, header);
                taken++;
                boolean isNoted =
                        fetches.stream().anyMatch(each -> each.isOf(take) && each.isNoted);
                takenUnnoted += isNoted ? 0 : 1;
            }
        }

        @Override
        void comes(MemorySegment memory, long offset, int length) {
            int kind = kind(memory, offset, length);
            if (kind == MigrateTabletDecoder.TEMPLATE_ID) {
                migrate.wrapAndApplyHeader(message, 0, header);
                fetches.add(new Fetch(migrate));
            } else if (kind == DoneDecoder.TEMPLATE_ID) {
                done.wrapAndApplyHeader(message, 0, header);
                if (done.header().status() == Status.OK) {
                    long call = done.header().call();
                    fetches.forEach(each -> each.isNoted |= each.notes.contains(call));
                }
            }
        }
    }

    @Test
    void takeTablet_followsTheAnswerToANote() {
        Parts watching =
                new Parts() {
                    @Override
                    public Transport transport(String name, Transport genuine) {
                        return new Watched(genuine);
                    }
                };
        Scenario scenario = new ClusterScenario(watching, MOVES);

        for (long seed = 1; seed <= RUNS; seed++) {
            assertThat(scenario.run(seed).violations()).as("seed %d", seed).isEmpty();
        }

        assertThat(taken).isGreaterThanOrEqualTo(RUNS);
        assertThat(takenUnnoted).isZero();
    }
}
