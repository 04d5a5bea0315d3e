package io.silkstone.node.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.policy.PolicyDirectory.Entry;
import io.silkstone.api.policy.PolicyDirectory.Event;
import io.silkstone.api.policy.PolicyDirectory.Switch;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.base.Metrics;
import io.silkstone.node.FakeSlot;
import io.silkstone.node.health.PoliciesCheck;
import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.felix.hc.api.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PolicyControlTest {
    private static final long ACTIVATE_WAIT_MS = 3_000;

    private final FakeSlot slot = new FakeSlot("cores");
    private final Wishes wishes = new Wishes();
    private final AtomicLong now = new AtomicLong(1_000);
    private final Metrics metrics = new Metrics();
    private final Queue<PolicyId> releasedWhileInUse = new ConcurrentLinkedQueue<>();
    private final PolicyControl control =
            new PolicyControl(
                    wishes, now::get, now::get, metrics, Thread::new, ACTIVATE_WAIT_MS, 20_000);

    @AfterEach
    void close() {
        control.close();
        assertThat(releasedWhileInUse).isEmpty();
    }

    @Test
    void use_installed_switchesAndRemembers() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        Switch done = control.use("cores", "fixed", false);
        assertThat(done.from().name()).isEqualTo("steady-state");
        assertThat(done.to()).isEqualTo(fixed.id());
        assertThat(done.changed()).isTrue();
        assertThat(wishes.names).containsEntry("cores", "fixed");
        assertThat(control.inUse("cores")).isEqualTo(fixed.id());
        assertThat(control.history()).extracting(Event::cause).containsExactly("command");
    }

    @Test
    void use_dryRun_changesNothing() throws Exception {
        offer(7, "fixed", "1.0.0");
        enter();
        Switch would = control.use("cores", "fixed", true);
        assertThat(would.changed()).isFalse();
        assertThat(would.note())
                .isEqualTo("cores/fixed 1.0.0 would take over from cores/steady-state built-in");
        assertThat(slot.uses()).isEmpty();
        assertThat(wishes.names).isEmpty();
        assertThat(control.history()).isEmpty();
    }

    @Test
    void use_again_saysSo() throws Exception {
        offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        Switch again = control.use("cores", "fixed", false);
        assertThat(again.changed()).isFalse();
        assertThat(again.note()).isEqualTo("cores/fixed 1.0.0 is in use already");
        assertThat(slot.uses()).hasSize(1);
    }

    @Test
    void use_mistypedKindOrName_isRefusedWithWhatThereIs() {
        offer(7, "fixed", "1.0.0");
        enter();
        assertThatThrownBy(() -> control.use("core", "fixed", false))
                .isInstanceOf(PolicyRefused.class)
                .hasMessage(
                        "no mechanism of this node takes policies of kind \"core\"; kinds are:"
                                + " cores. Did you mean \"cores\"?");
        assertThatThrownBy(() -> control.use("cores", "fixde", false))
                .hasMessageContaining("there are: steady-state, fixed.");
    }

    @Test
    void use_builtIn_releasesThePolicyOnlyAfterTheSlotForgotIt() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        Service other = offer(8, "other", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.use("cores", "other", false);
        assertThat(fixed.held()).isEqualTo(1);
        control.use("cores", "steady-state", false);
        assertThat(slot.holds(fixed.id())).isFalse();
        assertThat(fixed.held()).isZero();
        assertThat(other.held()).isEqualTo(1);
        control.use("cores", "other", false);
        assertThat(other.held()).isEqualTo(1);
    }

    @Test
    void use_unwritableConfiguration_switchesAndSaysThatItWillBeForgotten() throws Exception {
        offer(7, "fixed", "1.0.0");
        enter();
        wishes.broken = true;
        Switch done = control.use("cores", "fixed", false);
        assertThat(done.changed()).isTrue();
        assertThat(done.note()).contains("not remembered for the next start").contains("disk full");
        wishes.broken = false;
        control.configured();
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("fixed");
        configure(Map.of("cores", "steady-state"));
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
    }

    @Test
    void use_policyThatFailsAtOnce_isRefusedMarkedAndTriedAgainOnlyOnRequest() throws Exception {
        Service bad = offer(7, "bad", "1.0.0");
        bad.policy = failing();
        enter();
        assertThatThrownBy(() -> control.use("cores", "bad", false))
                .hasMessageContaining("no idea");
        assertThat(bad.held()).isZero();
        assertThat(entry("bad").state()).isEqualTo("failed");
        configure(Map.of("cores", "bad"));
        control.settle();
        assertThat(slot.uses()).hasSize(1);
        bad.policy = () -> 1;
        assertThat(control.use("cores", "bad", false).changed()).isTrue();
        assertThat(entry("bad").state()).isEqualTo("in use");
    }

    @Test
    void use_activationThatHangs_isRefusedMarkedAndReleasedWhenItEnds() throws Exception {
        Service good = offer(7, "good", "1.0.0");
        Service hanging = new Service(8, "hanging", "1.0.0");
        CountDownLatch go = new CountDownLatch(1);
        hanging.beforeAcquire = () -> awaitDeaf(go);
        hanging.offer();
        enter();
        assertThatThrownBy(() -> control.use("cores", "hanging", false))
                .isInstanceOf(PolicyRefused.class)
                .hasMessage(
                        "hanging 1.0.0 (bundle 8) could not be activated: it did not come to an"
                                + " end in 3000 ms");
        assertThat(entry("hanging").state()).isEqualTo("failed");
        assertThat(control.use("cores", "good", false).to()).isEqualTo(good.id());
        go.countDown();
        hanging.released.await();
        assertThat(hanging.held()).isZero();
    }

    @Test
    void use_formerThatHangsWhenItIsReleased_theRestGoesOn() throws Exception {
        offer(7, "good", "1.0.0");
        offer(8, "other", "1.0.0");
        Service hanging = new Service(9, "hanging", "1.0.0");
        CountDownLatch go = new CountDownLatch(1);
        hanging.beforeRelease = () -> awaitDeaf(go);
        hanging.offer();
        enter();
        control.use("cores", "hanging", false);
        control.use("cores", "good", false);
        assertThat(control.use("cores", "other", false).changed()).isTrue();
        assertThat(hanging.held()).isEqualTo(1);
        go.countDown();
        hanging.released.await();
        assertThat(hanging.held()).isZero();
    }

    @Test
    void use_failureThatCannotBePutIntoWords_isRefused() {
        Service wordless = new Service(8, "wordless", "1.0.0");
        wordless.beforeAcquire =
                () -> {
                    throw new IllegalStateException() {
                        private static final long serialVersionUID = 1;

                        @Override
                        public String getMessage() {
                            throw new IllegalStateException("no words");
                        }
                    };
                };
        wordless.offer();
        enter();
        assertThatThrownBy(() -> control.use("cores", "wordless", false))
                .isInstanceOf(PolicyRefused.class)
                .hasMessage("wordless 1.0.0 (bundle 8) could not be activated");
    }

    @Test
    void offered_wantedName_isTakenWhenItComes() {
        enter();
        configure(Map.of("cores", "fixed"));
        control.settle();
        Service fixed = offer(7, "fixed", "1.0.0");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(fixed.id());
        assertThat(control.history()).extracting(Event::cause).containsExactly("start");
    }

    @Test
    void offered_newerVersion_takesOver() throws Exception {
        Service old = offer(7, "fixed", "1.9.0");
        enter();
        control.use("cores", "fixed", false);
        Service newer = offer(8, "fixed", "1.10.0");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(newer.id());
        offer(9, "fixed", "1.2.0");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(newer.id());
        assertThat(control.history())
                .extracting(Event::cause)
                .containsExactly("command", "newer version");
        assertThat(old.held()).isEqualTo(1);
    }

    @Test
    void offered_newerVersionThatFails_leavesTheOldOneAtWork() throws Exception {
        Service old = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        Service newer = new Service(8, "fixed", "1.1.0");
        newer.policy = failing();
        newer.offer();
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(old.id());
        assertThat(newer.held()).isZero();
        Event last = control.history().getLast();
        assertThat(last.cause()).isEqualTo("failed");
        assertThat(last.from()).isEqualTo(newer.id());
        assertThat(last.to()).isEqualTo(old.id());
    }

    @Test
    void changed_sameKindAndName_staysInUse() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.change(fixed.serviceId, fixed.asOffered());
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(fixed.id());
        assertThat(fixed.held()).isEqualTo(1);
        assertThat(slot.uses()).hasSize(1);
        assertThat(control.history()).hasSize(1);
    }

    @Test
    void changed_nameOfThePolicyInUse_itIsLetGoAndTakenByItsNewName() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        Service renamed = new Service(7, "other", "1.0.0");
        control.change(fixed.serviceId, renamed.asOffered());
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
        assertThat(fixed.held()).isZero();
        configure(Map.of("cores", "other"));
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(renamed.id());
        assertThat(control.history().get(1).detail())
                .isEqualTo("fixed 1.0.0 (bundle 7) is no longer offered by its bundle");
    }

    @Test
    void changed_noProperPolicyAnyMore_isLetGo() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.change(fixed.serviceId, null);
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
        assertThat(fixed.held()).isZero();
        control.change(fixed.serviceId, fixed.asOffered());
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(fixed.id());
    }

    @Test
    void withdrawn_inUse_fallsBackToAnotherVersionThenToTheBuiltIn() throws Exception {
        Service old = offer(7, "fixed", "1.0.0");
        Service newer = offer(8, "fixed", "1.1.0");
        enter();
        control.use("cores", "fixed", false);
        control.withdraw(newer.serviceId);
        assertThat(newer.held()).isZero();
        assertThat(slot.holds(newer.id())).isFalse();
        assertThat(control.inUse("cores")).isEqualTo(old.id());
        control.withdraw(old.serviceId);
        assertThat(old.held()).isZero();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
        assertThat(control.history())
                .extracting(Event::cause)
                .containsExactly("command", "withdrawn", "withdrawn");
    }

    @Test
    void withdrawn_formerPolicy_isForgottenBeforeItGoes() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        offer(8, "other", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.use("cores", "other", false);
        control.withdraw(fixed.serviceId);
        assertThat(fixed.held()).isZero();
        assertThat(slot.holds(fixed.id())).isFalse();
        assertThat(control.inUse("cores").name()).isEqualTo("other");
    }

    @Test
    void withdraw_controlThreadBusy_waitsUntilItIsLetGo() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Service slow = new Service(8, "slow", "1.0.0");
        slow.beforeAcquire =
                () -> {
                    entered.countDown();
                    await(go);
                };
        slow.offer();
        Thread operator = Thread.ofPlatform().start(() -> useQuietly("slow"));
        await(entered);
        Thread stopping =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    control.withdraw(fixed.serviceId);
                                    assertThat(fixed.held()).isZero();
                                });
        go.countDown();
        operator.join();
        stopping.join();
        assertThat(fixed.held()).isZero();
        assertThat(slot.holds(fixed.id())).isFalse();
    }

    @Test
    void fault_onProbation_returnsToTheOneBeforeAndUndoesTheCommand() throws Exception {
        Service good = offer(7, "good", "1.0.0");
        Service bad = offer(8, "bad", "1.0.0");
        enter();
        control.use("cores", "good", false);
        control.use("cores", "bad", false);
        slot.fail("it took 500 ms");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(good.id());
        assertThat(slot.inUse()).isEqualTo(good.id());
        assertThat(good.held()).isEqualTo(1);
        assertThat(bad.held()).isZero();
        assertThat(wishes.names).containsEntry("cores", "good");
        Event last = control.history().getLast();
        assertThat(last.cause()).isEqualTo("failed");
        assertThat(last.detail()).isEqualTo("it took 500 ms");
        assertThat(control.why("cores")).contains("bad 1.0.0 (bundle 8)").contains("500 ms");
        assertThat(slot.uses()).hasSize(2);
    }

    @Test
    void fault_ofConfiguredPolicy_leavesTheFileAloneAndTheFormerAtWork() throws Exception {
        Service good = offer(7, "good", "1.0.0");
        offer(8, "bad", "1.0.0");
        enter();
        configure(Map.of("cores", "good"));
        control.settle();
        configure(Map.of("cores", "bad"));
        control.settle();
        slot.fail("it threw");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(good.id());
        assertThat(wishes.writes).isZero();
    }

    @Test
    void fault_bundleChanged_getsANewChance() throws Exception {
        Service bad = offer(8, "bad", "1.0.0");
        enter();
        configure(Map.of("cores", "bad"));
        control.settle();
        slot.fail("it threw");
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
        control.withdraw(bad.serviceId);
        bad.offer();
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("steady-state");
        control.withdraw(bad.serviceId);
        bad.bundleChanged++;
        bad.offer();
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(bad.id());
    }

    @Test
    void configured_nameThatNobodyOffers_leavesTheOneInUseAndSaysWhy() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        configure(Map.of("cores", "fixed"));
        control.settle();
        configure(Map.of("cores", "fixt"));
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(fixed.id());
        assertThat(control.why("cores")).contains("No bundle offers fixt now");
        Result health = new PoliciesCheck(control).execute();
        assertThat(health.getStatus()).isEqualTo(Result.Status.WARN);
        assertThat(health.toString()).contains("wants fixt, but");
        configure(Map.of("cores", "fixed"));
        control.settle();
        assertThat(new PoliciesCheck(control).execute().getStatus()).isEqualTo(Result.Status.OK);
    }

    @Test
    void configured_kindThatNobodyKnows_isUnmet() throws Exception {
        enter();
        configure(Map.of("cors", "fixed"));
        control.settle();
        assertThat(control.unmet()).singleElement().asString().contains("wants fixed, but");
    }

    @Test
    void offered_newerVersionOfTheStandIn_takesOverAndItsWithdrawalToo() throws Exception {
        offer(7, "fixed", "1.0.0");
        Service bad = offer(8, "bad", "1.0.0");
        bad.policy = failing();
        enter();
        configure(Map.of("cores", "fixed"));
        control.settle();
        configure(Map.of("cores", "bad"));
        control.settle();
        Service newer = offer(9, "fixed", "1.1.0");
        control.settle();
        assertThat(control.inUse("cores")).isEqualTo(newer.id());
        control.withdraw(newer.serviceId);
        assertThat(control.inUse("cores").version()).isEqualTo("1.0.0");
    }

    @Test
    void configured_ownWriteReportedLate_doesNotUndoANewerCommand() throws Exception {
        offer(7, "first", "1.0.0");
        offer(8, "second", "1.0.0");
        enter();
        control.use("cores", "first", false);
        control.use("cores", "second", false);
        control.configured();
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("second");
        assertThat(slot.uses()).hasSize(2);
    }

    @Test
    void configured_manyCommandsReportedAsOne_aLaterEditIsFollowed() throws Exception {
        offer(7, "first", "1.0.0");
        offer(8, "second", "1.0.0");
        enter();
        control.use("cores", "first", false);
        control.use("cores", "second", false);
        control.use("cores", "first", false);
        control.configured();
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("first");
        configure(Map.of("cores", "second"));
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("second");
    }

    @Test
    void configured_editReportedTogetherWithACommandOfAnotherKind_isFollowed() throws Exception {
        offer(7, "first", "1.0.0");
        new Service(8, "codec", "rs", "1.0.0").offer();
        enter();
        FakeSlot codecs = new FakeSlot("codec");
        control.slot(2, codecs);
        control.settle();
        wishes.names.put("codec", "rs");
        control.use("cores", "first", false);
        control.configured();
        control.settle();
        assertThat(codecs.inUse().name()).isEqualTo("rs");
    }

    @Test
    void configured_unreadable_theSameGoOnBeingWanted() throws Exception {
        offer(7, "first", "1.0.0");
        enter();
        control.use("cores", "first", false);
        wishes.broken = true;
        control.configured();
        control.settle();
        assertThat(control.inUse("cores").name()).isEqualTo("first");
    }

    @Test
    void why_twinsAndForeignKinds_areExplained() {
        offer(7, "fixed", "1.0.0");
        offer(8, "fixed", "1.0.0");
        enter();
        control.complain(99, "test.nameless 1.0.0 offers a policy without a name");
        assertThat(control.why("cores"))
                .contains(
                        "fixed 1.0.0 (bundle 8) and fixed 1.0.0 (bundle 7) have one name and"
                                + " version")
                .contains("test.nameless 1.0.0 offers a policy without a name")
                .contains("The fake slot");
        assertThat(control.why("codec")).contains("kinds are: cores.");
    }

    @Test
    void installed_kindWithoutSlot_isListed() {
        new Service(7, "codec", "rs", "1.0.0").offer();
        enter();
        assertThat(control.installed())
                .extracting(entry -> entry.policy().name())
                .containsExactly("rs", "steady-state");
        assertThat(control.inUse("codec")).isNull();
    }

    @Test
    void slotWithdrawn_everythingIsReleased() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.withdrawSlot(1);
        assertThat(fixed.held()).isZero();
        assertThat(control.inUse("cores")).isNull();
    }

    @Test
    void close_slotGetsItsBuiltInAndServicesAreReleased() throws Exception {
        Service fixed = offer(7, "fixed", "1.0.0");
        enter();
        control.use("cores", "fixed", false);
        control.close();
        assertThat(slot.inUse().name()).isEqualTo("steady-state");
        assertThat(fixed.held()).isZero();
    }

    @Test
    void history_isBounded() throws Exception {
        offer(7, "first", "1.0.0");
        offer(8, "second", "1.0.0");
        enter();
        for (int i = 0; i < Journal.EVENTS_MAX / 2 + 10; i++) {
            control.use("cores", "first", false);
            control.use("cores", "second", false);
        }
        assertThat(control.history()).hasSize(Journal.EVENTS_MAX);
    }

    private void enter() {
        control.slot(1, slot);
        control.settle();
    }

    private void configure(Map<String, String> names) {
        wishes.names.clear();
        wishes.names.putAll(names);
        control.configured();
    }

    private Service offer(long bundleId, String name, String version) {
        Service service = new Service(bundleId, name, version);
        service.offer();
        return service;
    }

    private Entry entry(String name) {
        return control.installed().stream()
                .filter(entry -> entry.policy().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void useQuietly(String name) {
        try {
            control.use("cores", name, false);
        } catch (PolicyRefused refused) {
            throw new AssertionError(refused);
        }
    }

    private static LongSupplier failing() {
        return () -> {
            throw new IllegalStateException("no idea");
        };
    }

    /** As long as it takes, like code that swallows interrupts. */
    private static void awaitDeaf(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException deaf) {
                // Goes on waiting.
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static final class Wishes implements PolicyWishes {
        private final Map<String, String> names = new ConcurrentHashMap<>();
        private int writes;
        private boolean broken;

        @Override
        public Map<String, String> names() throws IOException {
            if (broken) {
                throw new IOException("disk full");
            }
            return Map.copyOf(names);
        }

        @Override
        public void remember(String kind, String name) throws IOException {
            if (broken) {
                throw new IOException("disk full");
            }
            writes++;
            if (name == null) {
                names.remove(kind);
            } else {
                names.put(kind, name);
            }
        }

        @Override
        public String place() {
            return "etc/io.silkstone.policies.cfg";
        }
    }

    /** A policy service whose uses are counted like the framework counts them. */
    private final class Service {
        private final long serviceId;
        private final PolicyId id;
        private final AtomicInteger got = new AtomicInteger();
        private long bundleChanged = 1;
        private LongSupplier policy = () -> 1;
        private Runnable beforeAcquire = () -> {};
        private Runnable beforeRelease = () -> {};
        private final CountDownLatch released = new CountDownLatch(1);

        Service(long bundleId, String name, String version) {
            this(bundleId, "cores", name, version);
        }

        Service(long bundleId, String kind, String name, String version) {
            serviceId = 100 + bundleId;
            id = new PolicyId(kind, name, version, bundleId);
        }

        PolicyId id() {
            return id;
        }

        int held() {
            return got.get();
        }

        void offer() {
            control.offer(asOffered());
        }

        Offer asOffered() {
            return new Offer(
                    id,
                    "test." + id.name(),
                    serviceId,
                    bundleChanged,
                    () -> {
                        beforeAcquire.run();
                        got.incrementAndGet();
                        return policy;
                    },
                    this::release);
        }

        private void release() {
            if (slot.inUse().equals(id)) {
                releasedWhileInUse.add(id);
            }
            beforeRelease.run();
            got.decrementAndGet();
            released.countDown();
        }
    }
}
