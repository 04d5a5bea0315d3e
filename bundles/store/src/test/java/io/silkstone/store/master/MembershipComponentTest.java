package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.store.durable.Flush;
import java.lang.annotation.Annotation;
import java.util.List;
import org.junit.jupiter.api.Test;

class MembershipComponentTest {
    private record Config(String redis_endpoint, Flush backup_flush, int backup_flush_interval_ms)
            implements MembershipComponent.Config {
        private Config(String endpoint) {
            this(endpoint, Flush.INTERVAL, 1_000);
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return MembershipComponent.Config.class;
        }
    }

    @Test
    void checked_hostAndPortOrNothing_isTaken() {
        assertThat(MembershipComponent.checked(new Config(""))).isEmpty();
        assertThat(MembershipComponent.checked(new Config(" db.example:7600 ")))
                .isEqualTo("db.example:7600");
    }

    @Test
    void checked_noPort_isRefusedByName() {
        assertThatThrownBy(() -> MembershipComponent.checked(new Config("db.example")))
                .hasMessage("redis.endpoint must be host:port or empty, was 'db.example'");
    }

    @Test
    void backupOptions_whatCannotBe_isRefusedByName() {
        Config off = new Config("", Flush.OFF, 1);
        assertThatThrownBy(() -> MembershipComponent.backupOptions(off))
                .hasMessageContaining("backup.flush must be NEVER, INTERVAL or ALWAYS");
        Config never = new Config("", Flush.NEVER, 0);
        assertThatThrownBy(() -> MembershipComponent.backupOptions(never))
                .hasMessageContaining("backup.flush.interval.ms");
        assertThat(MembershipComponent.backupOptions(new Config("")).flush())
                .isEqualTo(Flush.INTERVAL);
    }

    @Test
    void endpoint_isTheTransportsHostAndTheNodesFirstPort() {
        assertThat(MembershipComponent.endpoint("aeron:10.0.0.7:7700?dir=/x;token=1", "7610"))
                .isEqualTo("10.0.0.7:7610");
        assertThat(MembershipComponent.endpoint("aeron:[2001:db8::7]:7700", null))
                .isEqualTo("[2001:db8::7]:7600");
    }

    @Test
    void losses_lostTablets_areCountedAndTheirServersNamed() {
        ServerId one = new ServerId(1, 1);
        ServerId two = new ServerId(2, 1);
        assertThat(MembershipComponent.losses(map(tablet(one, TabletState.NORMAL)))).isEmpty();
        assertThat(
                        MembershipComponent.losses(
                                map(
                                        tablet(one, TabletState.NORMAL),
                                        tablet(two, TabletState.LOST))))
                .isEqualTo("Server 2.1 is down; 1 tablet is lost, see `tablet:list`.");
        assertThat(
                        MembershipComponent.losses(
                                map(
                                        tablet(two, TabletState.LOST),
                                        tablet(one, TabletState.LOST),
                                        tablet(two, TabletState.LOST))))
                .isEqualTo("Servers 1.1, 2.1 are down; 3 tablets are lost, see `tablet:list`.");
    }

    @Test
    void losses_tabletsThatAreRecovered_nameTheServersWhoseLogsAreRead() {
        ServerId one = new ServerId(1, 1);
        ServerId two = new ServerId(2, 1);
        ServerId three = new ServerId(3, 1);
        Tablet recovering = tablet(one, TabletState.RECOVERING).withLogs(List.of(three));
        Tablet comes = tablet(one, TabletState.MIGRATING).withLogs(List.of(three));
        assertThat(MembershipComponent.losses(map(recovering)))
                .isEqualTo("Server 3.1 is down; 1 tablet is being recovered, see `tablet:list`.");
        assertThat(
                        MembershipComponent.losses(
                                map(recovering, comes, tablet(two, TabletState.LOST))))
                .isEqualTo(
                        "Servers 2.1, 3.1 are down; 1 tablet is lost, 2 tablets are being"
                                + " recovered, see `tablet:list`.");
    }

    private static ClusterMap map(Tablet... tablets) {
        return new ClusterMap(1, 1, List.of(), List.of(), List.of(tablets));
    }

    private static Tablet tablet(ServerId owner, TabletState state) {
        return new Tablet(1, 0, -1, owner, 1, state, ServerId.NONE);
    }
}
