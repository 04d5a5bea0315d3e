package io.silkstone.store;

import static io.silkstone.api.store.Status.OK;
import static io.silkstone.api.store.Status.RETRY_LATER;
import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.base.Metrics;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TabletGateTest {
    private static final long STEP_NANOS = 10_000_000;

    /** What others do while somebody waits for them. */
    private Runnable onWait = () -> {};

    private long nanos;
    private final Store store =
            Store.open(
                    StoreFixture.SMALL,
                    () -> nanos += STEP_NANOS,
                    () -> 1,
                    new SplittableRandom(1),
                    new Metrics(),
                    attempt -> onWait.run());
    private final KvStore.Table table = store.table("default");
    private final KvSession holder = store.openSession();
    private final KvSession other = store.openSession();

    @AfterEach
    void close() {
        holder.close();
        other.close();
        store.close();
    }

    @Test
    void close_whenTheOthersAreOutside_isAtOnce() {
        holder.enter();
        long before = nanos;
        assertThat(holder.lockTablet(table, 5)).isEqualTo(OK);
        assertThat(nanos - before).isLessThan(5 * STEP_NANOS);
        holder.unlockTablet();
        holder.exit();
    }

    @Test
    void close_whileAnotherStaysInItsBatch_endsWithRetryLaterAndLeavesNoLock() {
        other.enter();
        holder.enter();
        assertThat(holder.lockTablet(table, 5)).isEqualTo(RETRY_LATER);
        assertThat(nanos).isGreaterThan(1_000_000_000L);
        holder.exit();
        assertThat(store.tablets().getFirst().state()).isEqualTo("normal");
        assertThat(other.increment(table, key(), 1, new WriteOptions())).isEqualTo(OK);
        other.exit();
    }

    @Test
    void close_ofATabletThatIsHeld_endsWithRetryLater() {
        holder.enter();
        other.enter();
        other.exit();
        assertThat(holder.lockTablet(table, 5)).isEqualTo(OK);
        other.enter();
        assertThat(other.lockTablet(table, 7)).isEqualTo(RETRY_LATER);
        other.exit();
        assertThat(store.tablets().getFirst().state()).isEqualTo("locked");
        holder.unlockTablet();
        holder.exit();
        other.enter();
        assertThat(other.lockTablet(table, 7)).isEqualTo(OK);
        other.unlockTablet();
        other.exit();
    }

    @Test
    void close_ofTheHolder_opensTheTablet() {
        KvSession gone = store.openSession();
        gone.enter();
        assertThat(gone.lockTablet(table, 5)).isEqualTo(OK);
        gone.close();
        assertThat(store.tablets().getFirst().state()).isEqualTo("normal");
    }

    @Test
    void clear_whileATabletIsHeld_endsWithRetryLater() {
        holder.enter();
        assertThat(holder.lockTablet(table, 5)).isEqualTo(OK);
        assertThat(other.clear(table)).isEqualTo(RETRY_LATER);
        holder.unlockTablet();
        holder.exit();
        assertThat(other.clear(table)).isEqualTo(OK);
    }

    @Test
    void pass_ofASessionThatHoldsATablet_doesNotWaitForAnotherHolder() throws StoreRefused {
        store.splitTablet("default", 1L << 63);
        long hash = key().hash();
        holder.enter();
        assertThat(holder.lockTablet(table, hash)).isEqualTo(OK);
        other.enter();
        onWait = () -> acknowledge(holder);
        assertThat(other.lockTablet(table, ~hash)).isEqualTo(OK);
        assertThat(other.read(table, key())).isEqualTo(RETRY_LATER);
        assertThat(other.increment(table, key(), 1, new WriteOptions())).isEqualTo(RETRY_LATER);
        other.unlockTablet();
        other.exit();
        holder.unlockTablet();
        holder.exit();
    }

    @Test
    void close_ofATabletThatIsSplitMeanwhile_takesTheOneThatHasTheHashNow() {
        holder.enter();
        assertThat(holder.lockTablet(table, 5)).isEqualTo(OK);
        onWait =
                () -> {
                    onWait = () -> acknowledge(other);
                    holder.unlockTablet();
                    holder.exit();
                    split();
                };
        other.enter();
        assertThat(other.lockTablet(table, 5)).isEqualTo(OK);
        assertThat(store.tablets())
                .extracting(KvStore.Tablet::state)
                .containsExactly("locked", "normal");
        other.unlockTablet();
        other.exit();
    }

    private void split() {
        try {
            store.splitTablet("default", 1L << 63);
        } catch (StoreRefused e) {
            throw new AssertionError(e);
        }
    }

    /** As each of its operations does. */
    private void acknowledge(KvSession session) {
        session.scan(table, 0, 1, object -> {});
    }

    private static io.silkstone.api.store.Key key() {
        return new io.silkstone.api.store.Key().wrap(new byte[] {1});
    }
}
