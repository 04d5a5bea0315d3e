package io.silkstone.node.policy;

import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.policy.PolicyDirectory;
import io.silkstone.api.policy.PolicyId;
import io.silkstone.api.policy.PolicyRefused;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.base.EpochClock;
import io.silkstone.base.NanoClock;
import io.silkstone.node.BundleCalls;
import io.silkstone.node.Spelling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The policy directory, without OSGi: {@link PolicyDirectoryComponent} tells it which services come
 * and go.
 *
 * <p>One control thread does all switching, and none of the bundles' own code runs on it: what may
 * hang there is called by way of {@link BundleCalls}. Whoever reports something (a service, a
 * configuration, a fault) writes it down and wakes that thread; it then compares what is wanted
 * with what is there, so reports may be many, late or out of order. Only two callers wait: an
 * operator's command, and a bundle that stops while its policy may be at work, since its classes
 * must not be called after that. Both waits are bounded.
 *
 * <p>Readers see an immutable view that the control thread replaces after each turn, so that
 * listing policies never waits for a switch.
 */
final class PolicyControl implements PolicyDirectory, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PolicyControl.class.getName());
    private static final int COMMANDS_WAITING_MAX = 64;
    private static final long COMMAND_WAIT_MS = 30_000;
    private static final long CLOSE_WAIT_MS = 10_000;

    private final PolicyWishes wishes;
    private final PolicyCounters counters;
    private final NanoClock nanoClock;
    private final Journal journal;
    private final BundleCalls calls;
    private final long activateWaitMs;
    private final long releaseWaitMs;
    private final ThreadPoolExecutor control;

    /** Written by reporters. */
    private final Map<Long, Offer> offers = new ConcurrentHashMap<>();

    private final Map<Long, PolicySlot> slots = new ConcurrentHashMap<>();
    private final Map<Long, String> complaints = new ConcurrentHashMap<>();
    private final Queue<Departure> departures = new ConcurrentLinkedQueue<>();
    private final Queue<Fault> faults = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean configured = new AtomicBoolean();

    /** Confined to the control thread. */
    private final Map<Long, Kind> kinds = new TreeMap<>();

    private final Map<String, String> wanted = new TreeMap<>();

    /** The wishes as they were read or written last; what differs was edited since. */
    private final Map<String, String> remembered = new TreeMap<>();

    private final Map<String, Command> commands = new TreeMap<>();

    private volatile View view = new View(List.of(), Map.of(), List.of(), List.of());
    private volatile Thread controlThread;

    /**
     * @param wishes where commands are remembered
     * @param threads makes the control thread, and one for each call into a bundle
     * @param activateWaitMs how long a policy's component may take to start or to stop
     * @param releaseWaitMs how long a bundle that stops waits for its policy to be let go
     */
    PolicyControl(
            PolicyWishes wishes,
            EpochClock epochClock,
            NanoClock nanoClock,
            MetricRegistry metrics,
            ThreadFactory threads,
            long activateWaitMs,
            long releaseWaitMs) {
        this.wishes = wishes;
        this.nanoClock = nanoClock;
        this.counters = PolicyCounters.of(metrics);
        this.journal = new Journal(epochClock);
        this.calls = new BundleCalls(threads);
        this.activateWaitMs = activateWaitMs;
        this.releaseWaitMs = releaseWaitMs;
        this.control =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(COMMANDS_WAITING_MAX),
                        task -> controlThread = threads.newThread(task));
    }

    // What the world reports; from any thread.

    /** A policy has come. */
    void offer(Offer offer) {
        offers.put(offer.serviceId(), offer);
        wake();
    }

    /** A policy is going: returns when it was let go of, or when waiting longer helps nobody. */
    void withdraw(long serviceId) {
        Offer gone = offers.remove(serviceId);
        if (gone != null && !depart(new Departure(gone, null, 0, new CountDownLatch(1)))) {
            counters.lateReleases().increment();
            LOG.log(
                    System.Logger.Level.ERROR,
                    "{0} stops although its mechanism has not let go of it after {1} ms",
                    gone.called(),
                    releaseWaitMs);
        }
    }

    /**
     * The properties of a policy's service have changed, while the service itself stays, so nobody
     * waits. Most often they are settings, which are the policy's own business; only another kind
     * or name makes it another policy.
     *
     * @param changed the policy as it is offered now, null when that is no proper one
     */
    void change(long serviceId, Offer changed) {
        Offer known = offers.get(serviceId);
        if (known != null && changed != null && known.id().equals(changed.id())) {
            return;
        }
        if (changed == null) {
            offers.remove(serviceId);
        } else {
            offers.put(serviceId, changed);
        }
        if (known != null) {
            departures.add(new Departure(known, null, 0, new CountDownLatch(1)));
        }
        wake();
    }

    /** A mechanism has come. */
    void slot(long serviceId, PolicySlot slot) {
        slots.put(serviceId, slot);
        wake();
    }

    /** A mechanism is going; otherwise as {@link #withdraw}. */
    void withdrawSlot(long serviceId) {
        PolicySlot gone = slots.remove(serviceId);
        if (gone != null) {
            depart(new Departure(null, gone, serviceId, new CountDownLatch(1)));
        }
    }

    /** Something with {@code serviceId} is no proper policy, and why; null takes that back. */
    void complain(long serviceId, String sentence) {
        if (sentence == null) {
            complaints.remove(serviceId);
        } else if (!sentence.equals(complaints.put(serviceId, sentence))) {
            LOG.log(System.Logger.Level.WARNING, sentence);
        }
    }

    /** The wishes may have changed: they are read again. */
    void configured() {
        configured.set(true);
        wake();
    }

    @Override
    public List<Entry> installed() {
        return view.entries();
    }

    @Override
    public PolicyId inUse(String kind) {
        return view.inUse().get(kind);
    }

    @Override
    public List<String> unmet() {
        return view.unmet();
    }

    @Override
    public List<Event> history() {
        return view.history();
    }

    @Override
    public Switch use(String kind, String name, boolean dryRun) throws PolicyRefused {
        return command(() -> useNow(kind, name, dryRun));
    }

    @Override
    public String why(String kind) {
        try {
            return command(() -> whyNow(kind));
        } catch (PolicyRefused refused) {
            return refused.getMessage();
        }
    }

    /** Returns when everything reported so far has had its effect, or the wait is over. */
    void settle() {
        try {
            command(() -> null);
        } catch (PolicyRefused refused) {
            LOG.log(System.Logger.Level.WARNING, refused.getMessage());
        }
    }

    /** Every mechanism returns to its built-in, and every service is given back. */
    @Override
    public void close() {
        if (control.isShutdown()) {
            return;
        }
        try {
            control.execute(
                    () -> {
                        kinds.values().forEach(Kind::close);
                        kinds.clear();
                    });
        } catch (RejectedExecutionException full) {
            LOG.log(System.Logger.Level.WARNING, "policies were busy when the node stopped");
        }
        control.shutdown();
        try {
            if (!control.awaitTermination(CLOSE_WAIT_MS, TimeUnit.MILLISECONDS)) {
                control.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            control.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    // The control thread.

    private void wake() {
        try {
            // A turn that has not begun yet sees what was just written down.
            if (control.getQueue().isEmpty()) {
                control.execute(this::turn);
            }
        } catch (RejectedExecutionException closed) {
            LOG.log(System.Logger.Level.DEBUG, "the policy directory is closed or full of turns");
        }
    }

    private boolean depart(Departure departure) {
        departures.add(departure);
        if (Thread.currentThread() == controlThread) {
            turn();
            return true;
        }
        wake();
        try {
            return control.isShutdown()
                    || departure.done().await(releaseWaitMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private <T> T command(Callable<T> command) throws PolicyRefused {
        FutureTask<T> task =
                new FutureTask<>(
                        () -> {
                            turn();
                            try {
                                return command.call();
                            } finally {
                                turn();
                            }
                        });
        try {
            control.execute(task);
            return task.get(COMMAND_WAIT_MS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException rejected) {
            throw new PolicyRefused(
                    control.isShutdown()
                            ? "the policy directory is stopping"
                            : "too many policy commands are waiting; try again later");
        } catch (TimeoutException late) {
            throw new PolicyRefused(
                    "a policy switch is still under way after "
                            + COMMAND_WAIT_MS / 1000
                            + " s; `policy:history` shows how it ends");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PolicyRefused("interrupted while waiting; `policy:history` shows the rest");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof PolicyRefused refused) {
                throw refused;
            }
            throw new IllegalStateException(failed.getCause());
        }
    }

    private void turn() {
        try {
            leaveDeparted();
            enterSlots();
            hearFaults();
            hearConfiguration();
            for (Kind kind : kinds.values()) {
                kind.settle(wanted.get(kind.name()), offersOf(kind.name()));
            }
        } catch (RuntimeException failure) {
            LOG.log(System.Logger.Level.ERROR, "the policy directory failed in a turn", failure);
        } finally {
            publish();
        }
    }

    private void leaveDeparted() {
        for (Departure gone = departures.poll(); gone != null; gone = departures.poll()) {
            try {
                if (gone.slot() != null) {
                    Kind kind = kinds.remove(gone.slotServiceId());
                    if (kind != null) {
                        kind.close();
                    }
                } else {
                    for (Kind kind : kinds.values()) {
                        kind.leaving(gone.offer(), offersOf(kind.name()));
                    }
                }
            } finally {
                publish();
                gone.done().countDown();
            }
        }
    }

    private void enterSlots() {
        slots.keySet().stream()
                .sorted()
                .filter(serviceId -> !kinds.containsKey(serviceId))
                .forEach(
                        serviceId -> {
                            PolicySlot slot = slots.get(serviceId);
                            if (slot == null) {
                                return;
                            }
                            if (kindNamed(slot.kind()) == null) {
                                kinds.put(serviceId, kindOf(slot));
                                complain(serviceId, null);
                            } else {
                                complain(
                                        serviceId,
                                        ("two mechanisms take policies of kind %s; the first "
                                                        + "one that came is served")
                                                .formatted(slot.kind()));
                            }
                        });
    }

    private Kind kindOf(PolicySlot slot) {
        String name = slot.kind();
        return new Kind(
                slot,
                (failed, now, reason) -> {
                    faults.add(new Fault(name, failed, now, reason));
                    wake();
                },
                journal,
                counters,
                nanoClock,
                calls,
                activateWaitMs);
    }

    private void hearFaults() {
        for (Fault fault = faults.poll(); fault != null; fault = faults.poll()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "policy {0} failed: {1}; {2} goes on",
                    fault.failed(),
                    fault.reason(),
                    fault.now());
            Kind kind = kindNamed(fault.kind());
            if (kind == null) {
                continue;
            }
            boolean wasInUse =
                    kind.failed(
                            fault.failed(), fault.now(), fault.reason(), offersOf(fault.kind()));
            Command command = commands.get(fault.kind());
            if (wasInUse && command != null && command.name().equals(fault.failed().name())) {
                // The command is undone whole: at the next start nobody wants the failing policy.
                commands.remove(fault.kind());
                remember(fault.kind(), command.wishBefore());
            }
        }
    }

    /**
     * Reports of a changed configuration come late, and several changes may come as one. So a
     * report carries nothing: the wishes are read as they stand, and only what differs from what
     * was read or written here last is somebody's edit. An own write that is reported later differs
     * in nothing.
     */
    private void hearConfiguration() {
        if (!configured.getAndSet(false)) {
            return;
        }
        Map<String, String> names;
        try {
            names = wishes.names();
        } catch (IOException unreadable) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} could not be read: {1}; the same policies go on being wanted",
                    wishes.place(),
                    unreadable.getMessage());
            return;
        }
        Set<String> all = new TreeSet<>(remembered.keySet());
        all.addAll(names.keySet());
        for (String kind : all) {
            String name = names.get(kind);
            if (!Objects.equals(name, put(remembered, kind, name))
                    && !Objects.equals(name, wanted.get(kind))) {
                commands.remove(kind);
                put(wanted, kind, name);
            }
        }
    }

    /** Null removes; returns what was there before. */
    private static String put(Map<String, String> names, String kind, String name) {
        return name == null ? names.remove(kind) : names.put(kind, name);
    }

    /** Returns what went wrong, or an empty string. */
    private String remember(String kind, String name) {
        put(wanted, kind, name);
        try {
            wishes.remember(kind, name);
            put(remembered, kind, name);
            return "";
        } catch (IOException | RuntimeException failure) {
            String note =
                    "not remembered for the next start, %s could not be written: %s"
                            .formatted(wishes.place(), failure.getMessage());
            LOG.log(System.Logger.Level.WARNING, note);
            return note;
        }
    }

    private Switch useNow(String kindName, String name, boolean dryRun) throws PolicyRefused {
        Kind kind = kindNamed(kindName);
        if (kind == null) {
            throw new PolicyRefused(noSuchKind(kindName));
        }
        Offer target =
                offersOf(kindName).stream()
                        .filter(offer -> offer.id().name().equals(name))
                        .findFirst()
                        .orElse(null);
        if (target == null && !name.equals(kind.builtIn().name())) {
            throw new PolicyRefused(noSuchPolicy(kind, name));
        }
        PolicyId from = kind.inUse();
        PolicyId to = target == null ? kind.builtIn() : target.id();
        String failure = target == null ? null : kind.failureOf(target);
        if (dryRun) {
            String note =
                    from.equals(to)
                            ? to + " is in use already"
                            : to + " would take over from " + from;
            return new Switch(
                    from,
                    to,
                    false,
                    0,
                    failure == null ? note : note + ", although it failed before: " + failure);
        }
        String wishBefore = wanted.get(kindName);
        kind.forgive(name);
        if (from.equals(to)) {
            String note = name.equals(wishBefore) ? "" : remember(kindName, name);
            return new Switch(
                    from, to, false, 0, note.isEmpty() ? to + " is in use already" : note);
        }
        long nanos = kind.switchTo(target, Cause.COMMAND, "asked for by command");
        commands.put(kindName, new Command(name, wishBefore));
        String note = remember(kindName, name);
        return new Switch(
                from,
                to,
                true,
                nanos,
                note.isEmpty() ? to + " took over, remembered in " + wishes.place() : note);
    }

    private String noSuchKind(String kind) {
        List<String> names = kinds.values().stream().map(Kind::name).sorted().toList();
        return "no mechanism of this node takes policies of kind \"%s\"; kinds are: %s.%s"
                .formatted(
                        kind,
                        names.isEmpty() ? "none" : String.join(", ", names),
                        Spelling.hint(kind, names));
    }

    private String noSuchPolicy(Kind kind, String name) {
        List<String> names =
                kind.entries(offersOf(kind.name())).stream()
                        .map(entry -> entry.policy().name())
                        .distinct()
                        .toList();
        return "no policy \"%s\" of kind %s is installed; there are: %s.%s"
                .formatted(name, kind.name(), String.join(", ", names), Spelling.hint(name, names));
    }

    private String whyNow(String kindName) {
        Kind kind = kindNamed(kindName);
        if (kind == null) {
            return noSuchKind(kindName);
        }
        List<String> lines = new ArrayList<>();
        lines.add(kind.inUse() + " is in use.");
        String wish = wanted.get(kindName);
        lines.add(
                wish == null
                        ? "Nobody asks for a policy of this kind in %s, so the built-in serves."
                                .formatted(wishes.place())
                        : "Wanted is %s, by %s.".formatted(wish, wishes.place()));
        List<Offer> offered = offersOf(kindName);
        if (wish != null && isUnmet(kind, wish)) {
            lines.add("No bundle offers %s now; %s".formatted(wish, noSuchPolicy(kind, wish)));
        }
        for (Offer offer : offered) {
            String failure = kind.failureOf(offer);
            lines.add(
                    "%s of %s is installed%s"
                            .formatted(
                                    offer.called(),
                                    offer.source(),
                                    failure == null
                                            ? "."
                                            : " but failed: "
                                                    + failure
                                                    + "; it is left alone until its bundle changes"
                                                    + " or someone asks for it by command."));
        }
        addTwins(offered, lines);
        complaints.values().stream().sorted().forEach(lines::add);
        kind.slot().why().lines().forEach(lines::add);
        return String.join("\n", lines);
    }

    private static void addTwins(List<Offer> offered, List<String> lines) {
        for (int i = 1; i < offered.size(); i++) {
            Offer better = offered.get(i - 1);
            Offer worse = offered.get(i);
            if (better.id().name().equals(worse.id().name())
                    && better.version().equals(worse.version())) {
                lines.add(
                        "%s and %s have one name and version; the one that came last is taken."
                                .formatted(better.called(), worse.called()));
            }
        }
    }

    private Kind kindNamed(String name) {
        for (Kind kind : kinds.values()) {
            if (kind.name().equals(name)) {
                return kind;
            }
        }
        return null;
    }

    /** The offers of one kind: by name, and of one name the best first. */
    private List<Offer> offersOf(String kind) {
        return offers.values().stream()
                .filter(offer -> offer.id().kind().equals(kind))
                .sorted(
                        Comparator.comparing((Offer offer) -> offer.id().name())
                                .thenComparing(Offer.BEST_FIRST))
                .toList();
    }

    private void publish() {
        List<Entry> entries = new ArrayList<>();
        Map<String, PolicyId> inUse = new TreeMap<>();
        for (Kind kind : kinds.values()) {
            entries.addAll(kind.entries(offersOf(kind.name())));
            inUse.put(kind.name(), kind.inUse());
        }
        offers.values().stream()
                .filter(offer -> !inUse.containsKey(offer.id().kind()))
                .forEach(offer -> entries.add(new Entry(offer.id(), "ready", offer.source())));
        entries.sort(
                Comparator.comparing((Entry entry) -> entry.policy().kind())
                        .thenComparing(entry -> entry.policy().name())
                        .thenComparing(entry -> entry.policy().bundleId()));
        view = new View(List.copyOf(entries), Map.copyOf(inUse), unmetNow(), journal.events());
    }

    private List<String> unmetNow() {
        List<String> unmet = new ArrayList<>();
        wanted.forEach(
                (kindName, wish) -> {
                    Kind kind = kindNamed(kindName);
                    if (kind == null) {
                        unmet.add(
                                "%s wants %s, but %s"
                                        .formatted(wishes.place(), wish, noSuchKind(kindName)));
                    } else if (isUnmet(kind, wish)) {
                        unmet.add(
                                "%s wants %s, but %s"
                                        .formatted(wishes.place(), wish, noSuchPolicy(kind, wish)));
                    }
                });
        return List.copyOf(unmet);
    }

    private boolean isUnmet(Kind kind, String wish) {
        return !wish.equals(kind.builtIn().name())
                && offersOf(kind.name()).stream()
                        .noneMatch(offer -> offer.id().name().equals(wish));
    }

    private record Departure(
            Offer offer, PolicySlot slot, long slotServiceId, CountDownLatch done) {}

    private record Fault(String kind, PolicyId failed, PolicyId now, String reason) {}

    /** A command that still holds, and what was wanted before it. */
    private record Command(String name, String wishBefore) {}

    private record View(
            List<Entry> entries,
            Map<String, PolicyId> inUse,
            List<String> unmet,
            List<Event> history) {}
}
