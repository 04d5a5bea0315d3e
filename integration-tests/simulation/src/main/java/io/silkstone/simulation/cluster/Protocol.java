package io.silkstone.simulation.cluster;

import io.silkstone.rpc.messages.MessageHeaderDecoder;
import io.silkstone.rpc.messages.PullLogDecoder;
import io.silkstone.rpc.messages.RequestHeaderDecoder;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The steps in which tablets move and are recovered. A step is a request, called as in the schema,
 * or the answer to one, whatever that says. It also counts what became of requests on their way.
 */
final class Protocol {
    /** In the order of a migration. */
    static final List<String> MIGRATION =
            List.of(
                    "MigrateTablet",
                    "PrepareMigration",
                    "PullResults",
                    "TakeTablet",
                    "Pull",
                    "PriorityPull",
                    "MigrationEnded",
                    "RecallTablet");

    /**
     * What comes before TakeTablet where a tablet is copied first; strategies have it in common.
     */
    static final List<String> COPYING =
            List.of("BeginCopy", "PullAhead", "PullChanges", "PrepareMigration", "PullResults");

    /** How objects come where they come in the order of the source's log. */
    static final List<String> LOG_ORDER = List.of("BeginPass", "PullLog");

    /** What keeps a log on other servers, and reads it there. */
    static final List<String> RECOVERY =
            List.of(
                    "WriteReplica",
                    "RaiseLogEpoch",
                    "DropReplicas",
                    "ListReplicas",
                    "ReadReplica",
                    "MigrationEnded");

    static final String ANSWER = "answer to ";
    static final String SOME = "some step";
    static final String SOME_OF_MIGRATION = "some migration step";
    static final String SOME_OF_COPYING = "some copying step";
    static final String SOME_OF_LOG_ORDER = "some log-order step";
    static final String SOME_OF_RECOVERY = "some recovery step";

    /** They take a second in which nobody takes a tablet, or a log that is cleaned. */
    private static final Set<String> SELDOM = Set.of("RecallTablet", "DropReplicas");

    /** To whom it goes is no server. */
    private static final String FOR_PEOPLE = ANSWER + "MigrateTablet";

    private static final Set<String> REQUESTS = union(MIGRATION, RECOVERY);
    private static final Set<String> ALL = union(union(REQUESTS, COPYING), LOG_ORDER);
    private static final Set<String> ANSWERS =
            Set.of("Done", "Refusal", "MigrationPrepared", "Pulled", "PassBegun", "ReplicaList");

    private final World world;
    private final UnsafeBuffer message = new UnsafeBuffer(0, 0);
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final RequestHeaderDecoder request = new RequestHeaderDecoder();
    private final PullLogDecoder pullLog = new PullLogDecoder();

    /** What was asked for, by who asked. */
    private final Map<Caller, String> asked = new HashMap<>();

    private final Set<Attempt> attempts = new HashSet<>();

    private record Caller(String place, long call) {}

    private record Attempt(Caller caller, String to, int number) {}

    Protocol(World world) {
        this.world = world;
    }

    private static Set<String> union(Collection<String> some, Collection<String> others) {
        Set<String> all = new LinkedHashSet<>(some);
        all.addAll(others);
        return all;
    }

    /** All requests and all answers. */
    static List<String> steps() {
        List<String> steps = new ArrayList<>(ALL);
        ALL.forEach(each -> steps.add(ANSWER + each));
        steps.remove(FOR_PEOPLE);
        return steps;
    }

    /**
     * Those of which {@code words} leave it to the seed which one it is, and that can be brought
     * about at any time; or else the one that they name.
     *
     * @param replicated whether there are logs on other servers
     */
    static List<String> meant(String words, boolean replicated) {
        List<String> requests =
                switch (words) {
                    case SOME -> List.copyOf(REQUESTS);
                    case SOME_OF_MIGRATION -> MIGRATION;
                    case SOME_OF_COPYING -> COPYING;
                    case SOME_OF_LOG_ORDER -> LOG_ORDER;
                    case SOME_OF_RECOVERY -> RECOVERY;
                    default -> List.of();
                };
        List<String> meant = new ArrayList<>(steps());
        meant.removeIf(
                step -> {
                    String request = requestOf(step);
                    boolean isPlayed = replicated || isOfMigration(request);
                    boolean isMeant = requests.contains(request) && !SELDOM.contains(request);
                    return requests.isEmpty() ? !step.equals(words) : !isPlayed || !isMeant;
                });
        return meant;
    }

    /** Whether {@code request} belongs to the move of a tablet. */
    static boolean isOfMigration(String request) {
        return MIGRATION.contains(request)
                || COPYING.contains(request)
                || LOG_ORDER.contains(request);
    }

    /** The request that {@code step} is, or answers. */
    static String requestOf(String step) {
        return step.startsWith(ANSWER) ? step.substring(ANSWER.length()) : step;
    }

    /** The step that a message is, which has come from one place to another; null for none. */
    String step(String from, String to, MemorySegment memory, long offset, int length) {
        message.wrap(memory.address() + offset, length);
        String kind = MessageKinds.name(header.wrap(message, 0).templateId());
        boolean isRequest = ALL.contains(kind);
        if (!isRequest && !ANSWERS.contains(kind)) {
            return null;
        }
        // Requests and replies begin alike.
        request.wrap(message, MessageHeaderDecoder.ENCODED_LENGTH);
        if (isRequest) {
            Caller caller = new Caller(from, request.call());
            asked.put(caller, kind);
            count(kind, new Attempt(caller, to, request.attempt()));
            countMoved(kind);
            return kind;
        }
        String question = asked.get(new Caller(to, request.call()));
        return question == null ? null : ANSWER + question;
    }

    private void countMoved(String kind) {
        if (kind.equals("PullLog")) {
            boolean onlyMoved = pullLog.wrapAndApplyHeader(message, 0, header).onlyMoved() == 1;
            world.count("message PullLog of what was " + (onlyMoved ? "moved" : "there"));
        }
    }

    private void count(String kind, Attempt attempt) {
        if (!attempts.add(attempt)) {
            world.count("message " + kind + " came twice");
        } else if (attempt.number > 0) {
            world.count("message " + kind + " sent again");
        }
    }
}
