package io.silkstone.rpc;

import io.silkstone.api.transport.Session;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Which requests have come, so that each message is served once for each time that it was sent.
 *
 * <p>A transport may bring a message twice. Served twice it could be made once and refused once,
 * say because a tablet has moved in between; and when the first reply is lost the caller, who has
 * sent one message, takes the refusal for the truth and has the same done elsewhere. So a copy is
 * dropped here, before anybody can refuse it. What the caller sends again has a higher attempt and
 * is served: then he knows himself that a refusal does not speak for the message before.
 *
 * <p><b>What is remembered</b> of a session is the last attempt of each of its calls under way. The
 * low bits of a call's number are its place in its process ({@link Call#PLACES}), so one that
 * replaces another here is the next of the same place, and nobody waits for the other any more. A
 * message of the other that comes later still is served, but does not take the place back: a copy
 * of the next one would be new then. From attempt {@value #ATTEMPTS_MAX} on copies are served.
 * Those of calls that have ended are not recognised, nor those that come over another session:
 * whoever could be harmed by them says more of himself ({@code exactlyOnce} and {@code epoch} in
 * the schema).
 *
 * <p>Nine bytes for each call that the other side ever had under way together, 590 KB at most, for
 * each session. Threads: the one that polls.
 */
final class Copies {
    /** The highest number of an attempt that a message can say: it is that of all later ones. */
    static final int ATTEMPTS_MAX = 254;

    /**
     * By how much a message's number may be lower than the last of its place, and be taken for a
     * late one. Beyond it is the first of another {@link Call}, whose numbers begin anywhere.
     */
    private static final long LATE_MAX = 1_024L * Call.PLACES;

    private static final int CALLS_FIRST = 16;
    private static final byte NONE = -1;

    private final Map<Session, Known> sessions = new IdentityHashMap<>();
    private Session last;
    private Known ofLast;

    /** What has come over one session. */
    private static final class Known {
        private long[] calls = new long[CALLS_FIRST];
        private byte[] attempts = new byte[CALLS_FIRST];

        private Known() {
            Arrays.fill(attempts, NONE);
        }

        private boolean add(long call, int attempt) {
            int place = place(call);
            while (attempts[place] != NONE && ((calls[place] ^ call) & Call.PLACES - 1) != 0) {
                grow();
                place = place(call);
            }
            boolean isKnown = attempts[place] != NONE && calls[place] == call;
            if (attempts[place] != NONE && isAfter(calls[place], call)) {
                return true;
            }
            if (isKnown && attempt <= Byte.toUnsignedInt(attempts[place])) {
                return false;
            }
            calls[place] = call;
            attempts[place] = (byte) attempt;
            return true;
        }

        /** Whether {@code known} is one of the next calls of the place of {@code call}. */
        private static boolean isAfter(long known, long call) {
            long distance = known - call;
            return distance > 0 && distance <= LATE_MAX;
        }

        private int place(long call) {
            return (int) call & calls.length - 1;
        }

        private void grow() {
            long[] callsBefore = calls;
            byte[] attemptsBefore = attempts;
            calls = new long[2 * callsBefore.length];
            attempts = new byte[calls.length];
            Arrays.fill(attempts, NONE);
            for (int index = 0; index < callsBefore.length; index++) {
                if (attemptsBefore[index] != NONE) {
                    int place = place(callsBefore[index]);
                    calls[place] = callsBefore[index];
                    attempts[place] = attemptsBefore[index];
                }
            }
        }
    }

    /**
     * Whether this attempt of {@code call} is not one that has come over {@code session} before.
     */
    boolean isNew(Session session, long call, int attempt) {
        if (attempt >= ATTEMPTS_MAX) {
            return true;
        }
        if (session != last) {
            ofLast = sessions.computeIfAbsent(session, key -> new Known());
            last = session;
        }
        return ofLast.add(call, attempt);
    }

    /** Nothing comes over {@code session} any more. */
    void forget(Session session) {
        sessions.remove(session);
        last = session == last ? null : last;
    }

    /** Nothing comes over any of the sessions so far. */
    void forgetAll() {
        sessions.clear();
        last = null;
    }

    /** Of how many sessions something is remembered. */
    int sessions() {
        return sessions.size();
    }
}
