package io.silkstone.gateway.command;

import static io.silkstone.gateway.command.Command.Flag.FAST;
import static io.silkstone.gateway.command.Command.Flag.READONLY;
import static io.silkstone.gateway.command.Command.Flag.WRITE;

import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.command.Command.Action;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Words;
import java.util.List;

/** When objects expire. The store keeps the time in milliseconds since 1970, 0 for never. */
final class ExpiryCommands {
    private static final long NX = Words.of("NX");
    private static final long XX = Words.of("XX");
    private static final long GT = Words.of("GT");
    private static final long LT = Words.of("LT");
    private static final long SECOND_MILLIS = 1000;

    private ExpiryCommands() {}

    static void declare(List<Command> all) {
        expire(all, "expire", "Lets an object expire after some seconds.", true, true);
        expire(all, "pexpire", "Lets an object expire after some milliseconds.", false, true);
        expire(all, "expireat", "Lets an object expire at a time in seconds.", true, false);
        expire(all, "pexpireat", "Lets an object expire at a time in milliseconds.", false, false);
        ask(all, "ttl", "Returns the seconds an object has left.", true, true);
        ask(all, "pttl", "Returns the milliseconds an object has left.", false, true);
        ask(all, "expiretime", "Returns when an object expires, in seconds.", true, false);
        ask(all, "pexpiretime", "Returns when an object expires, in milliseconds.", false, false);
        all.add(
                new Command(
                                "persist",
                                Group.GENERIC,
                                "Lets an object live on.",
                                2,
                                ExpiryCommands::persist,
                                WRITE,
                                FAST)
                        .key(1));
    }

    private static void expire(
            List<Command> all, String name, String summary, boolean seconds, boolean relative) {
        Action action = x -> expire(x, seconds, relative, name);
        all.add(new Command(name, Group.GENERIC, summary, -3, action, WRITE, FAST).key(1));
    }

    private static void ask(
            List<Command> all, String name, String summary, boolean seconds, boolean relative) {
        Action action = x -> ask(x, seconds, relative);
        all.add(new Command(name, Group.GENERIC, summary, 2, action, READONLY, FAST).key(1));
    }

    /**
     * The time in milliseconds since 1970, at least 1 so that it never means "never".
     *
     * @param positive whether only times after 0 are allowed
     * @return 0 when the reply is an error
     */
    static long expiryMillis(
            Exchange x,
            long amount,
            boolean seconds,
            boolean relative,
            boolean positive,
            String command) {
        long start = relative ? x.nowMillis() : 0;
        long scale = seconds ? SECOND_MILLIS : 1;
        boolean overflows =
                amount > Long.MAX_VALUE / scale
                        || amount < Long.MIN_VALUE / scale
                        || amount * scale > Long.MAX_VALUE - start;
        if (overflows || positive && amount <= 0) {
            x.out.error("ERR invalid expire time in '" + command + "' command");
            return 0;
        }
        return Math.max(amount * scale + start, 1);
    }

    /** Conditions of an EXPIRE. */
    private record Condition(boolean ifNever, boolean ifEver, boolean ifLater, boolean ifSooner) {
        boolean any() {
            return ifNever || ifEver || ifLater || ifSooner;
        }

        boolean holds(long present, long wanted) {
            if (ifNever && present != 0 || ifEver && present == 0) {
                return false;
            }
            // An object that never expires counts as expiring at the end of time.
            return !(ifLater && (present == 0 || wanted <= present)
                    || ifSooner && present != 0 && wanted >= present);
        }
    }

    private static final Condition NO_CONDITION = new Condition(false, false, false, false);

    private static Condition condition(Exchange x) {
        if (x.count() == 3) {
            return NO_CONDITION;
        }
        boolean nx = false;
        boolean xx = false;
        boolean gt = false;
        boolean lt = false;
        for (int i = 3; i < x.count(); i++) {
            long word = x.word(i);
            nx |= word == NX;
            xx |= word == XX;
            gt |= word == GT;
            lt |= word == LT;
            if (word != NX && word != XX && word != GT && word != LT) {
                x.out.error("ERR Unsupported option " + x.text(i));
                return null;
            }
        }
        if (nx && (xx || gt || lt)) {
            x.out.error("ERR NX and XX, GT or LT options at the same time are not compatible");
            return null;
        }
        if (gt && lt) {
            x.out.error("ERR GT and LT options at the same time are not compatible");
            return null;
        }
        return new Condition(nx, xx, gt, lt);
    }

    private static void expire(Exchange x, boolean seconds, boolean relative, String name) {
        if (!x.parseLong(2)) {
            return;
        }
        long amount = x.parsed();
        Condition condition = condition(x);
        if (condition == null) {
            return;
        }
        long wanted = expiryMillis(x, amount, seconds, relative, false, name);
        if (wanted == 0) {
            return;
        }
        for (int attempt = 0; attempt < StringCommands.ATTEMPTS_MAX; attempt++) {
            WriteOptions options = x.options.reset();
            if (condition.any()) {
                Status seen = x.readAny(x.key());
                if (seen == null) {
                    return;
                }
                if (seen == Status.NOT_FOUND
                        || !condition.holds(x.object().expiryMillis(), wanted)) {
                    x.out.integer(0);
                    return;
                }
                options = x.unchanged(seen, x.session.version());
            }
            // A time that is over removes the object now, so that it is gone for everybody at once.
            Status status =
                    wanted <= x.nowMillis()
                            ? x.session.remove(x.table, x.key(), options)
                            : x.session.expire(x.table, x.key(), options.expireAt(wanted));
            if (status != Status.WRONG_VERSION) {
                answer(x, status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }

    private static void answer(Exchange x, Status status) {
        switch (status) {
            case OK -> x.out.integer(1);
            case NOT_FOUND -> x.out.integer(0);
            default -> x.refuse(status);
        }
    }

    private static void ask(Exchange x, boolean seconds, boolean relative) {
        Status seen = x.readAny(x.key());
        if (seen == null) {
            return;
        }
        if (seen == Status.NOT_FOUND) {
            x.out.integer(-2);
            return;
        }
        long expiry = x.object().expiryMillis();
        if (expiry == 0) {
            x.out.integer(-1);
            return;
        }
        long millis = relative ? Math.max(expiry - x.nowMillis(), 0) : expiry;
        // Redis rounds to the nearest second.
        x.out.integer(seconds ? (millis + SECOND_MILLIS / 2) / SECOND_MILLIS : millis);
    }

    private static void persist(Exchange x) {
        for (int attempt = 0; attempt < StringCommands.ATTEMPTS_MAX; attempt++) {
            Status seen = x.readAny(x.key());
            if (seen == null) {
                return;
            }
            if (seen == Status.NOT_FOUND || x.object().expiryMillis() == 0) {
                x.out.integer(0);
                return;
            }
            Status status =
                    x.session.expire(x.table, x.key(), x.unchanged(seen, x.session.version()));
            if (status != Status.WRONG_VERSION) {
                answer(x, status);
                return;
            }
        }
        x.refuse(Status.RETRY_LATER);
    }
}
