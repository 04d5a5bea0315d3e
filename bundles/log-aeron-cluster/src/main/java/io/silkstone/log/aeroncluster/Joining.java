package io.silkstone.log.aeroncluster;

import io.silkstone.base.NanoClock;
import io.silkstone.log.aeroncluster.LogDirectory.Joined;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.ErrorHandler;

/**
 * How a member with an empty disk comes to take part.
 *
 * <p>Raft counts on it that a member keeps what it once said that it has. One that lost its disk
 * and took part again at once could make a majority together with another that lacks something, and
 * a command that was committed would be gone. So a member with nothing has no voice until one of
 * two things is sure.
 *
 * <p><b>There never was a log</b>: every other member answers, and none has anything. Then all
 * begin one together. This is why all of them must be up when a log is founded.
 *
 * <p><b>It has all that was committed</b>: as many others answer as make a majority, so at least
 * one of them has each command that was ever committed, even those that this member once helped to
 * commit; and what was copied from the leader goes further than any of them knows the log to be
 * committed. While there is no leader, or too few others are up, it waits.
 */
final class Joining {
    private static final Logger LOG = System.getLogger(Joining.class.getName());
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** A copy that gets no further for so long begins anew, from nothing. */
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LogOptions options;
    private final LogDirectory directory;
    private final NanoClock clock;
    private final BooleanSupplier isClosed;
    private final ErrorHandler errors;
    private String told = "";

    Joining(
            LogOptions options,
            LogDirectory directory,
            NanoClock clock,
            BooleanSupplier isClosed,
            ErrorHandler errors) {
        this.options = options;
        this.directory = directory;
        this.clock = clock;
        this.isClosed = isClosed;
        this.errors = errors;
    }

    /**
     * Returns when this member may take part, or when it is closed.
     *
     * @return how; NOT when it was closed
     * @throws IllegalStateException when nothing could be copied for a long time
     */
    Joined join(Media media) throws IOException {
        long startedAt = clock.nanoTime();
        while (!isClosed.getAsBoolean()) {
            List<Roll.Answer> answers = ask();
            int others = options.members().size() - 1;
            long logs = answers.stream().filter(Roll.Answer::hasLog).count();
            long strangers =
                    answers.stream().filter(each -> each.stage() == Roll.Stage.STRANGER).count();
            if (logs == 0 && strangers == 0 && answers.size() == others) {
                directory.join(Joined.FOUNDED);
                return Joined.FOUNDED;
            }
            if (isEnough(answers)) {
                return copy(media);
            }
            if (clock.nanoTime() - startedAt > PATIENCE_NANOS) {
                tell(why(answers, logs, strangers));
            }
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
        return Joined.NOT;
    }

    private List<Roll.Answer> ask() {
        List<Roll.Answer> answers = new ArrayList<>();
        for (Endpoint member : options.members()) {
            if (!member.equals(options.self())) {
                Optional<Roll.Answer> answer = Roll.ask(options, member);
                answer.ifPresent(answers::add);
            }
        }
        return answers;
    }

    /** Whether these know of all that was committed, and one of them leads. */
    private boolean isEnough(List<Roll.Answer> answers) {
        return known(answers) >= options.majority()
                && answers.stream().anyMatch(each -> each.stage() == Roll.Stage.LEADING);
    }

    /** How many have a log and know, since they began, how far it is committed. */
    private static long known(List<Roll.Answer> answers) {
        return answers.stream().filter(each -> each.hasLog() && each.position() > 0).count();
    }

    private String why(List<Roll.Answer> answers, long logs, long strangers) {
        int others = options.members().size() - 1;
        if (strangers > 0) {
            return "another member has in its configuration other members, or the same in another"
                    + " order, or another value of founding: both keys must be equal everywhere";
        }
        if (logs > 0) {
            return "this member has nothing, and is given the log when %d others have it and one"
                            .formatted(options.majority())
                    + " of them leads: %d have".formatted(known(answers));
        }
        return "a new log begins when all %d members are there: %d of the others are missing"
                .formatted(others + 1, others - answers.size());
    }

    private void tell(String sentence) {
        if (!sentence.equals(told)) {
            told = sentence;
            LOG.log(Level.WARNING, "the coordinators'' log waits: {0}", sentence);
        }
    }

    private Joined copy(Media media) throws IOException {
        LOG.log(Level.INFO, "this member has no log, and copies that of the others");
        long progressAt = clock.nanoTime();
        long last = -1;
        try (Copying copying = new Copying(options, media, directory, errors)) {
            while (!isClosed.getAsBoolean()) {
                long position = copying.position();
                if (position != last) {
                    last = position;
                    progressAt = clock.nanoTime();
                } else if (clock.nanoTime() - progressAt > STALLED_NANOS) {
                    throw new IllegalStateException("copying the others' log came to a halt");
                }
                if (position > 0) {
                    List<Roll.Answer> answers = ask();
                    long committed =
                            answers.stream().mapToLong(Roll.Answer::position).max().orElse(0);
                    if (isEnough(answers) && position >= committed) {
                        LOG.log(Level.INFO, "the others'' log was copied up to {0}", position);
                        break;
                    }
                }
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
        if (isClosed.getAsBoolean()) {
            return Joined.NOT;
        }
        directory.join(Joined.GIVEN);
        return Joined.GIVEN;
    }
}
