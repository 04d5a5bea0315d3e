package io.silkstone.node.policy;

import io.silkstone.api.policy.PolicyDirectory.Entry;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.NanoClock;
import io.silkstone.node.BundleCalls;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * One kind of policy on this node: the mechanism's slot, the policy that works in it, the one
 * before, and those that failed. Confined to the directory's control thread.
 *
 * <p>It is told what is wanted and what is there, never what to do: {@link #settle} compares that
 * with what is, and hands over at most once for each better choice. So a storm of bundles that come
 * and go costs no more switches than there are states to reach, and no event can be missed.
 *
 * <p>At most two services are held: the one in use, and the one before, which the slot may return
 * to from probation. Both are given back only after the slot has let go of them.
 */
final class Kind {
    private static final System.Logger LOG = System.getLogger(Kind.class.getName());
    private static final int FAILURES_MAX = 100;

    private final String name;
    private final PolicySlot slot;
    private final PolicySlot.FaultListener faults;
    private final Journal journal;
    private final PolicyCounters counters;
    private final NanoClock clock;
    private final BundleCalls calls;
    private final long activateWaitMs;
    private final PolicyId builtIn;

    /** Failures by policy and change of its bundle: a new bundle gets a new chance. */
    private final Map<Tried, String> failures =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Tried, String> eldest) {
                    return size() > FAILURES_MAX;
                }
            };

    private Held current;
    private Held former;
    private String wish;
    private boolean settled;

    Kind(
            PolicySlot slot,
            PolicySlot.FaultListener faults,
            Journal journal,
            PolicyCounters counters,
            NanoClock clock,
            BundleCalls calls,
            long activateWaitMs) {
        this.name = slot.kind();
        this.slot = slot;
        this.faults = faults;
        this.journal = journal;
        this.counters = counters;
        this.clock = clock;
        this.calls = calls;
        this.activateWaitMs = activateWaitMs;
        this.builtIn = new PolicyId(name, slot.builtIn(), "built-in", -1);
    }

    String name() {
        return name;
    }

    PolicySlot slot() {
        return slot;
    }

    PolicyId builtIn() {
        return builtIn;
    }

    PolicyId inUse() {
        return idOf(current);
    }

    /**
     * Brings the slot to what {@code wish} and {@code offers} make best. A policy that fails on the
     * way is marked, and the next best is tried; the policy in use goes on meanwhile.
     *
     * @param wish name that is wanted, null for none
     * @param offers this kind's offers, the best first
     */
    void settle(String wish, List<Offer> offers) {
        boolean wishChanged = settled && !Objects.equals(this.wish, wish);
        this.wish = wish;
        for (int attempts = 0; attempts <= offers.size(); attempts++) {
            Offer target = choose(offers);
            if (target == offerOf(current)) {
                break;
            }
            Cause cause = causeOf(target, wishChanged, offers);
            try {
                switchTo(target, cause, reasonFor(target, cause));
            } catch (PolicyRefused refused) {
                if (target == null) {
                    LOG.log(System.Logger.Level.ERROR, refused.getMessage());
                    break;
                }
            }
        }
        settled = true;
    }

    /**
     * Hands over to {@code target} now.
     *
     * @param target null for the built-in
     * @return how long the slot took in nanoseconds
     * @throws PolicyRefused when it failed: it is marked, the one in use goes on
     */
    long switchTo(Offer target, Cause cause, String detail) throws PolicyRefused {
        PolicyId from = inUse();
        long nanos;
        try {
            nanos = handOver(target);
        } catch (PolicyRefused refused) {
            PolicyId failed = target == null ? builtIn : target.id();
            if (target != null) {
                failures.put(Tried.of(target), refused.getMessage());
            }
            counters.failures().increment();
            journal.add(name, failed, from, Cause.FAILED, refused.getMessage());
            throw refused;
        }
        counters.switches().increment();
        counters.handOver().record(nanos);
        PolicySwitched.record(name, from, inUse(), cause, nanos);
        journal.add(name, from, inUse(), cause, detail);
        return nanos;
    }

    /** {@code gone} is no longer among the offers: lets go of it before this returns. */
    void leaving(Offer gone, List<Offer> offers) {
        if (gone == offerOf(current)) {
            leaveCurrent(offers);
        }
        if (gone == offerOf(former)) {
            retire(former);
            former = null;
        }
    }

    private void leaveCurrent(List<Offer> offers) {
        String detail = withdrawn(current.offer());
        for (int attempts = 0; attempts <= offers.size(); attempts++) {
            Offer target = choose(offers);
            try {
                switchTo(target, Cause.WITHDRAWN, detail);
                return;
            } catch (PolicyRefused refused) {
                if (target == null) {
                    LOG.log(System.Logger.Level.ERROR, refused.getMessage());
                }
            }
        }
        // Even the built-in refused. The service goes all the same, so it must not be held.
        retire(current);
        current = null;
    }

    /**
     * The slot has left {@code failed} by itself and works with {@code now}.
     *
     * @return whether {@code failed} was the policy in use, as far as was known
     */
    boolean failed(PolicyId failed, PolicyId now, String reason, Collection<Offer> offers) {
        for (Offer offer : offers) {
            if (offer.id().equals(failed)) {
                failures.put(Tried.of(offer), reason);
            }
        }
        counters.failures().increment();
        journal.add(name, failed, now, Cause.FAILED, reason);
        if (current == null || !current.offer().id().equals(failed)) {
            return false;
        }
        failures.put(Tried.of(current.offer()), reason);
        Held bad = current;
        if (former != null && former.offer().id().equals(now)) {
            current = former;
        } else {
            current = null;
            retire(former);
        }
        former = null;
        retire(bad);
        return true;
    }

    /** An operator asks for {@code name} by hand: its failures are forgiven. */
    void forgive(String name) {
        failures.keySet().removeIf(tried -> tried.policy().name().equals(name));
    }

    /** Why {@code offer} failed, or null when it did not. */
    String failureOf(Offer offer) {
        return failures.get(Tried.of(offer));
    }

    /** What is installed of this kind, the built-in first. */
    List<Entry> entries(List<Offer> offers) {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(builtIn, current == null ? "in use" : "ready", "built-in"));
        for (Offer offer : offers) {
            String state =
                    offer == offerOf(current)
                            ? "in use"
                            : failureOf(offer) != null ? "failed" : "ready";
            entries.add(new Entry(offer.id(), state, offer.source()));
        }
        return entries;
    }

    /** The directory or the mechanism ends: the built-in takes over, services are given back. */
    void close() {
        try {
            if (current != null) {
                handOver(null);
            }
        } catch (PolicyRefused refused) {
            LOG.log(System.Logger.Level.ERROR, refused.getMessage());
        }
        retire(former);
        retire(current);
        former = null;
        current = null;
    }

    private Offer choose(List<Offer> offers) {
        if (wish == null) {
            return null;
        }
        Offer wanted = best(wish, offers);
        if (wanted != null || wish.equals(builtIn.name()) || current == null) {
            return wanted;
        }
        // What is wanted is not there, or has failed: whoever works well goes on working.
        return best(current.offer().id().name(), offers);
    }

    private Offer best(String name, List<Offer> offers) {
        for (Offer offer : offers) {
            if (offer.id().name().equals(name) && failureOf(offer) == null) {
                return offer;
            }
        }
        return null;
    }

    private Cause causeOf(Offer target, boolean wishChanged, List<Offer> offers) {
        if (current != null && !offers.contains(current.offer())) {
            return Cause.WITHDRAWN;
        }
        if (wishChanged) {
            return Cause.CONFIGURATION;
        }
        boolean sameName =
                target != null
                        && current != null
                        && target.id().name().equals(current.offer().id().name());
        return sameName ? Cause.NEWER_VERSION : Cause.START;
    }

    private String reasonFor(Offer target, Cause cause) {
        String called = target == null ? "the built-in " + builtIn.name() : target.called();
        return switch (cause) {
            case CONFIGURATION ->
                    wish == null
                            ? "the configuration no longer asks for one: " + called
                            : "the configuration asks for " + wish + ": " + called;
            case WITHDRAWN -> withdrawn(current.offer());
            case NEWER_VERSION -> called + " replaces " + current.offer().called();
            default -> called + " is wanted and has arrived";
        };
    }

    private long handOver(Offer target) throws PolicyRefused {
        boolean returning = target != null && target == offerOf(former);
        Held next = target == null ? null : returning ? former : acquire(target);
        long startNs = clock.nanoTime();
        try {
            slot.use(
                    target == null ? builtIn : target.id(),
                    next == null ? null : next.service(),
                    faults);
        } catch (PolicyRefused | RuntimeException | LinkageError failure) {
            if (next != null && !returning) {
                giveBack(target);
            }
            throw failure instanceof PolicyRefused refused
                    ? refused
                    : new PolicyRefused(
                            (target == null ? builtIn.name() : target.called())
                                    + " failed at once: "
                                    + failure,
                            failure);
        }
        long nanos = clock.nanoTime() - startNs;
        if (!returning) {
            retire(former);
        }
        former = current;
        current = next;
        return nanos;
    }

    private Held acquire(Offer target) throws PolicyRefused {
        Object service = serviceOf(target);
        if (service == null) {
            throw new PolicyRefused(
                    target.called()
                            + " could not be activated; logs/silkstone.log has the exception");
        }
        if (!slot.type().isInstance(service)) {
            giveBack(target);
            throw new PolicyRefused(
                    ("%s is a %s, not a %s of this node; build it against the api bundle "
                                    + "installed here")
                            .formatted(
                                    target.called(),
                                    service.getClass().getName(),
                                    slot.type().getName()));
        }
        return new Held(target, service);
    }

    /** Runs the component's constructor, when nobody has used it before: the bundle's code. */
    private Object serviceOf(Offer target) throws PolicyRefused {
        try {
            return calls.get(
                    () -> {
                        try {
                            return target.acquire().get();
                        } catch (RuntimeException | LinkageError failure) {
                            // Put into words here, since that too runs the bundle's code.
                            throw new PolicyRefused(
                                    target.called() + " could not be activated: " + failure,
                                    failure);
                        }
                    },
                    late -> target.release().run(),
                    activateWaitMs);
        } catch (TimeoutException hangs) {
            throw new PolicyRefused(
                    "%s could not be activated: it did not come to an end in %d ms"
                            .formatted(target.called(), activateWaitMs));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new PolicyRefused(target.called() + " was not activated: the node is stopping");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof PolicyRefused refused
                    ? refused
                    : new PolicyRefused(target.called() + " could not be activated", failed);
        }
    }

    private void giveBack(Offer offer) {
        if (!calls.finish(offer.release(), activateWaitMs)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "{0} was given back, and its deactivation still runs after {1} ms",
                    offer.called(),
                    activateWaitMs);
        }
    }

    private void retire(Held held) {
        if (held == null) {
            return;
        }
        try {
            slot.forget(held.offer().id());
        } catch (RuntimeException failure) {
            LOG.log(System.Logger.Level.ERROR, "a slot could not forget " + held.offer(), failure);
        }
        giveBack(held.offer());
    }

    private static String withdrawn(Offer gone) {
        return gone.called() + " is no longer offered by its bundle";
    }

    private static Offer offerOf(Held held) {
        return held == null ? null : held.offer();
    }

    private PolicyId idOf(Held held) {
        return held == null ? builtIn : held.offer().id();
    }

    /** An offer whose service was got. */
    private record Held(Offer offer, Object service) {}

    /** A policy as it was when it was tried. */
    private record Tried(PolicyId policy, long bundleChanged) {
        static Tried of(Offer offer) {
            return new Tried(offer.id(), offer.bundleChanged());
        }
    }
}
