package io.silkstone.gateway.command;

import io.silkstone.gateway.resp.Request;
import io.silkstone.gateway.resp.Words;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** A command that clients may send: what is known of it before it runs, and what it does. */
public final class Command {
    /** What a command does, as far as others need to know. */
    public enum Flag {
        /** Changes data. */
        WRITE,
        /** Reads data. */
        READONLY,
        /** May need memory. */
        DENYOOM,
        /** Takes constant time per key. */
        FAST,
        /**
         * Takes so little time that it is not measured, although Redis does not count it as fast.
         */
        BRIEF,
        /** For operators. */
        ADMIN,
        /** Able to harm other clients. */
        DANGEROUS,
        /** Allowed before the client has authenticated itself. */
        NO_AUTH,
        /** Not allowed in a transaction. */
        NO_MULTI,
        /** Never queued by a transaction. */
        UNQUEUED;

        /** Whether clients are told. */
        boolean isPublic() {
            return this != UNQUEUED && this != DANGEROUS && this != BRIEF;
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a command does when it runs. */
    @FunctionalInterface
    public interface Action {
        /**
         * Writes one whole reply. Runs on the thread that {@code exchange} belongs to, inside a
         * batch of its session.
         */
        void run(Exchange exchange);
    }

    /** Finds the key of a request that the place in it does not tell. */
    @FunctionalInterface
    interface KeyPlace {
        /**
         * Index of the key, 0 without one.
         *
         * @param name index of the command's name
         */
        int find(Request<Command> request, int name);
    }

    /** Tells which arguments of a request nobody but the client may see: passwords. */
    @FunctionalInterface
    interface Secrecy {
        /** Whether the argument at {@code index}, from 1, is not to be shown. */
        boolean hides(Request<Command> request, int index);
    }

    /** The documentation's groups; each is an ACL category too. */
    public enum Group {
        /** Strings. */
        STRING,
        /** Lists. */
        LIST,
        /** Sets. */
        SET,
        /** Any type of value. */
        GENERIC,
        /** The connection. */
        CONNECTION,
        /** Transactions. */
        TRANSACTIONS,
        /** The server. */
        SERVER,
        /** Clusters. */
        CLUSTER;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        String category() {
            return switch (this) {
                case GENERIC -> "keyspace";
                case TRANSACTIONS -> "transaction";
                case SERVER, CLUSTER -> "";
                default -> label();
            };
        }
    }

    private final String name;
    private final Group group;
    private final String summary;
    private final int arity;
    private final Action action;
    private final Set<Flag> flags;
    private final long word;
    private final long rest;
    private final boolean fast;
    private final boolean readsOnly;
    private final boolean needsMemory;
    private boolean touchesData;
    private boolean severalKeys;
    private int firstKey;
    private int lastKey;
    private int keyStep;
    private List<String> categories;
    private KeyPlace strayKey;
    private Predicate<Exchange> heavy = exchange -> false;
    private boolean mayBeHeavy;
    private boolean dataWhereHeavy;
    private Secrecy secrecy = (request, index) -> false;
    private boolean waitsInLine;
    private Subcommands subcommands = Subcommands.NONE;
    private int id;
    private int firstSubcommandId;

    /**
     * A command without keys.
     *
     * @param arity number of arguments, the name included; negative when there may be more
     */
    Command(String name, Group group, String summary, int arity, Action action, Flag... flags) {
        this.name = name;
        this.group = group;
        this.summary = summary;
        this.arity = arity;
        this.action = action;
        this.flags = EnumSet.noneOf(Flag.class);
        this.flags.addAll(Set.of(flags));
        this.word = Words.of(name);
        this.rest = Words.ofRest(name);
        this.fast = this.flags.contains(Flag.FAST) || this.flags.contains(Flag.BRIEF);
        this.readsOnly = this.flags.contains(Flag.READONLY);
        this.needsMemory = this.flags.contains(Flag.DENYOOM);
        this.touchesData = readsOnly || this.flags.contains(Flag.WRITE);
        this.categories = List.of(group.category());
    }

    /** Has its only key at argument {@code index}. */
    Command key(int index) {
        return keys(index, index, 1);
    }

    /** Has keys from {@code first} to {@code last}, negative counts from the end. */
    Command keys(int first, int last, int step) {
        firstKey = first;
        lastKey = last;
        keyStep = step;
        touchesData = true;
        severalKeys |= last != first;
        return this;
    }

    /** Has no keys of its own, and yet what it does depends on objects or changes them. */
    Command onData() {
        touchesData = true;
        return this;
    }

    /** Has one more key, where {@code place} finds it. */
    Command strayKey(KeyPlace place) {
        strayKey = place;
        severalKeys = true;
        return this;
    }

    /** Is in these ACL categories in place of its group's. */
    Command in(String... names) {
        categories = List.of(names);
        return this;
    }

    /** Has these subcommands, which are counted one by one. */
    Command subcommands(String... names) {
        subcommands = new Subcommands(names);
        return this;
    }

    /** May take long when {@code test} says so: then it runs in a user thread of its own. */
    Command heavyWhen(Predicate<Exchange> test) {
        heavy = test;
        mayBeHeavy = true;
        return this;
    }

    /** Always runs in a user thread of its own. */
    Command heavy() {
        return heavyWhen(exchange -> true);
    }

    /** Reads objects only where it is heavy. */
    Command onDataWhereHeavy() {
        dataWhereHeavy = true;
        return this;
    }

    /** Takes passwords, in the arguments that {@code rule} names. */
    Command secret(Secrecy rule) {
        secrecy = rule;
        return this;
    }

    /** Whether the argument at {@code index} of {@code request} is not to be shown to others. */
    boolean hides(Request<Command> request, int index) {
        return index > 0 && secrecy.hides(request, index);
    }

    /** Where it is heavy, it checks a password, and waits in the {@link PasswordLine}. */
    Command waitsInLine() {
        waitsInLine = true;
        return this;
    }

    boolean isInLine() {
        return waitsInLine;
    }

    void number(int number, int firstSubcommand) {
        id = number;
        firstSubcommandId = firstSubcommand;
    }

    boolean isHeavy(Exchange exchange) {
        return mayBeHeavy && heavy.test(exchange);
    }

    /** Its name, in lower case. */
    public String name() {
        return name;
    }

    /** Its place in the table, from 0. */
    public int id() {
        return id;
    }

    Subcommands subcommands() {
        return subcommands;
    }

    /**
     * What {@code request}, one of this command, is counted under: its subcommand if it has one.
     */
    int countedAs(Request<Command> request) {
        int subcommand = subcommands.find(request);
        return subcommand < 0 ? id : firstSubcommandId + subcommand;
    }

    Group group() {
        return group;
    }

    String summary() {
        return summary;
    }

    int arity() {
        return arity;
    }

    Action action() {
        return action;
    }

    boolean fast() {
        return fast;
    }

    /** Whether it reads objects and changes none. */
    boolean readsOnly() {
        return readsOnly;
    }

    /** Whether it may need memory, and is refused where there is none. */
    boolean needsMemory() {
        return needsMemory;
    }

    /** Whether what it answers depends on objects, or it changes some. */
    boolean touchesData() {
        return touchesData;
    }

    /** As {@link #touchesData}, for requests that are heavy. */
    boolean touchesDataWhereHeavy() {
        return touchesData || dataWhereHeavy;
    }

    /** Whether a request may have several keys. */
    boolean mayHaveSeveralKeys() {
        return severalKeys;
    }

    /** Whether a request may have a key that its place does not tell. */
    boolean hasStrayKey() {
        return strayKey != null;
    }

    /** Whether {@code flag} is set. */
    public boolean is(Flag flag) {
        return flags.contains(flag);
    }

    Set<Flag> flags() {
        return flags;
    }

    long word() {
        return word;
    }

    long rest() {
        return rest;
    }

    int firstKey() {
        return firstKey;
    }

    int lastKey() {
        return lastKey;
    }

    int keyStep() {
        return keyStep;
    }

    /** Index of the last key in a request of {@code count} arguments. */
    int lastKey(int count) {
        return lastKey >= 0 ? lastKey : count + lastKey;
    }

    /**
     * Index of the key that is not in its usual place, in a request like {@link KeyPlace#find}'s.
     */
    int strayKey(Request<Command> request, int name) {
        return strayKey == null ? 0 : strayKey.find(request, name);
    }

    boolean takes(int count) {
        return arity >= 0 ? count == arity : count >= -arity;
    }

    /** Whether the command is in the ACL category {@code category}. */
    public boolean isIn(String category) {
        return switch (category) {
            case "all" -> true;
            case "read" -> is(Flag.READONLY);
            case "write" -> is(Flag.WRITE);
            case "fast" -> is(Flag.FAST);
            case "slow" -> !is(Flag.FAST);
            case "admin" -> is(Flag.ADMIN) || categories.contains(category);
            case "dangerous" ->
                    is(Flag.DANGEROUS) || is(Flag.ADMIN) || categories.contains(category);
            default -> categories.contains(category);
        };
    }

    @Override
    public String toString() {
        return name;
    }
}
