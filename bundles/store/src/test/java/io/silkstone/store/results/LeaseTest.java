package io.silkstone.store.results;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.store.KvSession;
import io.silkstone.store.log.Checksum;
import io.silkstone.store.log.Entry;
import io.silkstone.store.log.Log;
import io.silkstone.store.log.Result;
import io.silkstone.store.log.Versions;
import io.silkstone.store.memory.Backoff;
import io.silkstone.store.memory.Epochs;
import io.silkstone.store.memory.HugePages;
import io.silkstone.store.memory.SegletPool;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseTest {
    private static final int RESULT_BYTES = Result.HEADER_BYTES;

    private final SegletPool pool =
            new SegletPool(
                    4 * SegletPool.BLOCK_BYTES,
                    SegletPool.BLOCK_BYTES / 4,
                    0,
                    HugePages.OFF,
                    Backoff.YIELDING);
    private final Log log = new Log(pool, new Epochs(1), new Versions(), Backoff.YIELDING);
    private final Checksum checksum = new Checksum(pool);
    private final Leases leases = new Leases(log, Backoff.YIELDING);
    private final Lease lease = leases.open(5);

    @AfterEach
    void close() {
        pool.close();
    }

    private long append(long request) {
        long entry = log.claim(RESULT_BYTES);
        while (entry == 0) {
            log.makeRoom(RESULT_BYTES, SegletPool.Claimant.WRITE);
            entry = log.claim(RESULT_BYTES);
        }
        Entry.putFields(entry, request, 0, 1, 0, 0);
        Result.putRequest(entry, lease.id(), request);
        Result.putAnswer(entry, 0, 0, 0);
        Entry.commit(entry, Entry.headerOf(Entry.RESULT, RESULT_BYTES, false), checksum);
        return entry;
    }

    private long done(long request, long firstUnanswered) {
        assertThat(lease.begin(request, firstUnanswered)).isEqualTo(Lease.BEGUN);
        long entry = append(request);
        lease.record(request, entry);
        lease.end(request);
        return entry;
    }

    private static boolean isDead(long entry) {
        return Entry.isDead(Entry.header(entry));
    }

    @Test
    void begin_ofOneThatIsUnderWay_isBusyEvenWhenItsResultIsRecorded() {
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BEGUN);
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BUSY);
        long entry = append(1);
        lease.record(1, entry);
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BUSY);
        lease.end(1);
        assertThat(lease.begin(1, 0)).isEqualTo(entry);
    }

    @Test
    void end_withoutAResult_letsTheRequestBeginAnew() {
        lease.begin(1, 0);
        lease.end(1);
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BEGUN);
    }

    @Test
    void begin_forgetsWhatTheClientHasTheAnswersOf() {
        long one = done(1, 0);
        long two = done(2, 0);
        assertThat(lease.begin(2, 2)).isEqualTo(two);
        assertThat(isDead(one)).isTrue();
        assertThat(isDead(two)).isFalse();
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.STALE);
        assertThat(lease.begin(-3, 0)).isEqualTo(Lease.STALE);
    }

    @Test
    void begin_farAhead_forgetsAll() {
        long one = done(1, 0);
        long far = 1L << 40;
        long two = done(far, far);
        assertThat(isDead(one)).isTrue();
        assertThat(lease.begin(far, far)).isEqualTo(two);
    }

    @Test
    void begin_beyondTheWindow_isBusyAndForgetsNothing() {
        long last = done(KvSession.REQUESTS_MAX, 1);
        assertThat(lease.begin(KvSession.REQUESTS_MAX + 1, 1)).isEqualTo(Lease.BUSY);
        assertThat(lease.begin(Long.MAX_VALUE, 1)).isEqualTo(Lease.BUSY);
        assertThat(lease.begin(KvSession.REQUESTS_MAX, 1)).isEqualTo(last);
        assertThat(isDead(last)).isFalse();
    }

    @Test
    void end_ofOneThatTheClientGaveUp_forgetsItsResult() {
        lease.begin(1, 0);
        long two = done(2, 2);
        long entry = append(1);
        lease.record(1, entry);
        lease.end(1);
        assertThat(isDead(entry)).isTrue();
        assertThat(isDead(two)).isFalse();
    }

    @Test
    void begin_whereOneThatTheClientGaveUpIsUnderWay_comesLater() {
        lease.begin(1, 0);
        long again = 1 + KvSession.REQUESTS_MAX;
        done(KvSession.REQUESTS_MAX, 1);
        assertThat(lease.begin(again, again)).isEqualTo(Lease.BUSY);
        lease.end(1);
        assertThat(lease.begin(again, again)).isEqualTo(Lease.BEGUN);
    }

    @Test
    void move_followsResultsUnderWayAndDone() {
        lease.begin(1, 0);
        long entry = append(1);
        assertThat(leases.move(entry, entry + 8)).as("not recorded yet").isFalse();
        lease.record(1, entry);
        long second = append(1);
        assertThat(leases.move(entry, second)).isTrue();
        assertThat(leases.move(entry, second)).as("moved already").isFalse();
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BUSY);
        lease.end(1);
        assertThat(lease.begin(1, 0)).isEqualTo(second);
        long third = append(1);
        assertThat(leases.move(second, third)).isTrue();
        assertThat(lease.begin(1, 0)).isEqualTo(third);
    }

    @Test
    void move_ofAResultThatIsForgotten_isRefused() {
        long one = done(1, 0);
        long two = done(2, 2);
        assertThat(leases.move(one, two)).isFalse();
        leases.forget(5);
        assertThat(leases.move(two, one)).isFalse();
    }

    @Test
    void forget_letsWhatIsUnderWayEndWithoutAResult() {
        long one = done(1, 0);
        lease.begin(2, 0);
        leases.forget(5);
        assertThat(isDead(one)).isTrue();
        assertThat(lease.begin(3, 0)).isEqualTo(Lease.FORGOTTEN);
        Lease next = leases.open(5);
        assertThat(next).isNotSameAs(lease);
        assertThat(next.begin(2, 0)).isEqualTo(Lease.BEGUN);
        long two = append(2);
        lease.record(2, two);
        assertThat(leases.move(two, one)).as("the next one's request has no result").isFalse();
        lease.end(2);
        assertThat(isDead(two)).isTrue();
        next.end(2);
        assertThat(next.begin(2, 0)).isEqualTo(Lease.BEGUN);
    }

    @Test
    void dropIf_dropsWhatIsDoneOnly() {
        long one = done(1, 0);
        long two = done(2, 0);
        lease.begin(3, 0);
        long three = append(3);
        lease.record(3, three);
        lease.dropIf(entry -> Entry.keyHash(entry) != 2);
        assertThat(isDead(one)).isTrue();
        assertThat(isDead(two)).isFalse();
        assertThat(isDead(three)).isFalse();
        assertThat(lease.begin(1, 0)).isEqualTo(Lease.BEGUN);
    }

    /** Any sequence of calls by one thread, against maps. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void lease_afterAnyCalls_isWhatAModelSays(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<Long, Long> results = new HashMap<>();
        Map<Long, Boolean> underWay = new HashMap<>();
        long first = 0;
        for (int step = 0; step < 50_000; step++) {
            long request = Math.max(0, first - 3 + random.nextInt(600));
            if (!underWay.isEmpty() && random.nextInt(3) == 0) {
                long ending = underWay.keySet().iterator().next();
                underWay.remove(ending);
                if (random.nextInt(3) > 0) {
                    long entry = append(ending);
                    lease.record(ending, entry);
                    if (ending >= first) {
                        results.put(ending, entry);
                    }
                }
                lease.end(ending);
                continue;
            }
            long answered = random.nextInt(20) == 0 ? first + random.nextInt(40) : 0;
            first = Math.max(first, answered);
            long passed = first;
            results.keySet().removeIf(each -> each < passed);
            long begun = lease.begin(request, answered);
            if (request < first) {
                assertThat(begun).isEqualTo(Lease.STALE);
            } else if (request - first >= KvSession.REQUESTS_MAX || underWay.containsKey(request)) {
                assertThat(begun).isEqualTo(Lease.BUSY);
            } else if (results.containsKey(request)) {
                assertThat(begun).isEqualTo(results.get(request));
            } else if (begun == Lease.BEGUN) {
                underWay.put(request, true);
            } else {
                assertThat(begun).isEqualTo(Lease.BUSY);
                assertThat(underWay.keySet())
                        .as("another one has its place")
                        .anyMatch(each -> each < passed);
            }
            assertThat(lease.resultCount()).isEqualTo(results.size());
        }
    }

    @Test
    void leases_areFoundAndCountedAfterManyCameAndWent() {
        SplittableRandom random = new SplittableRandom(1);
        Map<Long, Lease> expected = new HashMap<>(Map.of(5L, lease));
        for (int step = 0; step < 20_000; step++) {
            long id = random.nextInt(1000);
            if (random.nextInt(3) == 0) {
                leases.forget(id);
                expected.remove(id);
            } else {
                Lease found = leases.open(id);
                Lease known = expected.putIfAbsent(id, found);
                assertThat(found).isSameAs(known == null ? found : known);
            }
        }
        assertThat(leases.count()).isEqualTo(expected.size());
        assertThat(leases.ids()).containsExactlyInAnyOrder(expected.keySet().toArray(Long[]::new));
    }
}
