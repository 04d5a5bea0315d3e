package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.balance.BalancePlan;
import io.silkstone.api.balance.BalancePlan.Cut;
import io.silkstone.api.balance.BalancePlan.Move;
import io.silkstone.api.balance.BalanceView;
import io.silkstone.api.balance.Balancer;
import io.silkstone.api.balance.ClusterLoad;
import io.silkstone.api.balance.ServerLoad;
import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterRefused;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.TabletLoad;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BalanceCommandsTest {
    private static final ServerId FIRST = new ServerId(1, 1);
    private static final ServerId SECOND = new ServerId(2, 1);
    private static final TabletLoad HOT = new TabletLoad(1, 0, 99, 1, 10, 1_000, 900, 0, 0);
    private static final TabletLoad COLD = new TabletLoad(1, 100, -1, 1, 20, 2_000, 100, 0, 0);

    private final Asked balancer = new Asked();
    private final CommandRunner balance =
            new CommandRunner(new BalanceCommands(() -> balancer, () -> CLUSTER));

    private static final Cluster CLUSTER =
            (Cluster)
                    Proxy.newProxyInstance(
                            Cluster.class.getClassLoader(),
                            new Class<?>[] {Cluster.class},
                            (proxy, method, arguments) ->
                                    new ClusterMap(
                                            7,
                                            1,
                                            List.of(),
                                            List.of(new ClusterMap.Table(1, "default")),
                                            List.of()));

    private static final class Asked implements Balancer {
        boolean enabled;
        String refusal;
        BalancePlan plan =
                new BalancePlan(
                        List.of(new Move(HOT, FIRST, SECOND)),
                        List.of(new Cut(COLD, 200)),
                        "Because.");

        @Override
        public BalanceView look() throws ClusterRefused {
            require();
            ServerLoad first = new ServerLoad(FIRST, 1_000, 250, List.of(HOT, COLD));
            ServerLoad second = new ServerLoad(SECOND, 1_000, 0, List.of());
            ClusterLoad load = new ClusterLoad(List.of(first, second), Set.of(COLD), 1);
            return new BalanceView(enabled, false, "load 1.0.0", load, plan, 1);
        }

        @Override
        public void enable(boolean enable) throws ClusterRefused {
            require();
            enabled = enable;
        }

        private void require() throws ClusterRefused {
            if (refusal != null) {
                throw new ClusterRefused(refusal);
            }
        }
    }

    @Test
    void everyCommand_withoutABalancer_saysSo() {
        new CommandRunner(new BalanceCommands(() -> null, () -> null))
                .assertWellBehavedWithoutServices(3);
    }

    @Test
    void show_saysWhatServersHaveToDo_andWhatWouldBeDone() throws Exception {
        assertThat(balance.run("show"))
                .isEqualTo(
                        """
                        SERVER  TABLETS  RESTING  OBJECTS  BYTES  MEMORY  LOAD  WOULD
                        1.1           2        1       30   3000  25%     \
                        1000  give default 0x0000000000000000 to 2.1, \
                        cut default 0x0000000000000064 at 0x00000000000000c8
                        2.1           0        0        0      0  0%         0  -
                        off, by load 1.0.0, 1 on the way. Because.""");
        balancer.plan = BalancePlan.nothing("Even.");
        balancer.enabled = true;
        assertThat(balance.run("show")).endsWith("on, by load 1.0.0, 1 on the way. Even.");
    }

    @Test
    void onAndOff_switchIt() throws Exception {
        assertThat(balance.run("on"))
                .isEqualTo("Tablets move from busy servers to idle ones from now on.");
        assertThat(balancer.enabled).isTrue();
        assertThat(balance.run("off")).isEqualTo("No more tablets move because of load.");
        assertThat(balancer.enabled).isFalse();
    }

    @Test
    void whatIsRefused_isSaid() {
        balancer.refusal = "the coordinator of this node does not lead";
        balance.assertRefused("The coordinator of this node does not lead.", "show");
        balance.assertRefused("The coordinator of this node does not lead.", "on");
    }
}
