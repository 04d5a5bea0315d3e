package io.silkstone.gateway.command;

import io.silkstone.gateway.acl.CommandCatalogue;
import io.silkstone.gateway.resp.Request;
import io.silkstone.gateway.resp.Words;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * Every command, found by name in a few instructions: a name is folded to two words, and a
 * multiplier that was searched when the table was built sends each pair to a cell of its own, so a
 * look-up is one multiplication and one comparison.
 *
 * <p>Immutable, shared by all threads.
 */
public final class CommandTable implements CommandCatalogue {
    /** Longest name. */
    static final int NAME_BYTES_MAX = 16;

    /** Redis's, so that rules written for it are understood; some have no command here. */
    private static final List<String> CATEGORIES =
            List.of(
                    "keyspace",
                    "read",
                    "write",
                    "set",
                    "sortedset",
                    "list",
                    "hash",
                    "string",
                    "bitmap",
                    "hyperloglog",
                    "geo",
                    "stream",
                    "pubsub",
                    "admin",
                    "fast",
                    "slow",
                    "blocking",
                    "dangerous",
                    "connection",
                    "transaction",
                    "scripting");

    private static final int CELLS_LOG2 = 11;
    private static final long ODD_STEP = 0x9e37_79b9_7f4a_7c16L;

    private final List<Command> commands;
    private final List<String> counted;
    private final Command[] cells;
    private final long multiplier;

    /** All families of commands. */
    public CommandTable() {
        List<Command> all = new ArrayList<>();
        StringCommands.declare(all);
        KeyCommands.declare(all);
        ExpiryCommands.declare(all);
        CollectionCommands.declare(all);
        SortCommands.declare(all);
        VersionCommands.declare(all);
        ConnectionCommands.declare(all);
        ClientCommands.declare(all);
        TransactionCommands.declare(all);
        ServerCommands.declare(all);
        AclCommands.declare(all);
        ClusterCommands.declare(all);
        commands = List.copyOf(all);
        counted = number(commands);
        long candidate = ODD_STEP | 1;
        Command[] placed = place(candidate);
        while (placed == null) {
            candidate += ODD_STEP;
            placed = place(candidate);
        }
        cells = placed;
        multiplier = candidate;
    }

    private static List<String> number(List<Command> commands) {
        List<String> names = new ArrayList<>();
        commands.forEach(command -> names.add(command.name()));
        for (int i = 0; i < commands.size(); i++) {
            Command command = commands.get(i);
            command.number(i, names.size());
            for (String subcommand : command.subcommands().names()) {
                names.add(command.name() + "|" + subcommand);
            }
        }
        return List.copyOf(names);
    }

    private Command[] place(long candidate) {
        Command[] placed = new Command[1 << CELLS_LOG2];
        for (Command command : commands) {
            int cell = cell(command.word(), command.rest(), candidate);
            if (placed[cell] != null) {
                return null;
            }
            placed[cell] = command;
        }
        return placed;
    }

    private static int cell(long word, long rest, long multiplier) {
        long mixed = (word ^ Long.rotateLeft(rest, 29)) * multiplier;
        return (int) (mixed >>> Long.SIZE - CELLS_LOG2);
    }

    /** The command called by the bytes at {@code address}, in any case, or null. */
    Command find(long address, int length) {
        if (length > NAME_BYTES_MAX) {
            return null;
        }
        long word = Words.fold(address, length);
        long rest = Words.foldRest(address, length);
        Command command = cells[cell(word, rest, multiplier)];
        boolean same =
                command != null
                        && command.word() == word
                        && command.rest() == rest
                        && command.name().length() == length;
        return same ? command : null;
    }

    Command find(Request<Command> request) {
        return find(request.address(0), request.length(0));
    }

    /** The command called {@code name}, in any case, or null. */
    public Command find(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (Command command : commands) {
            if (command.name().equals(lower)) {
                return command;
            }
        }
        return null;
    }

    /** All commands, by number. */
    public List<Command> commands() {
        return commands;
    }

    /** What calls are counted under: the commands by number, and then their subcommands. */
    List<String> counted() {
        return counted;
    }

    /** Names of the ACL categories. */
    @Override
    public List<String> categories() {
        return CATEGORIES;
    }

    @Override
    public int size() {
        return commands.size();
    }

    @Override
    public int number(String name) {
        Command command = find(name);
        return command == null ? -1 : command.id();
    }

    @Override
    public BitSet category(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!CATEGORIES.contains(lower)) {
            return null;
        }
        BitSet members = new BitSet();
        for (Command command : commands) {
            if (command.isIn(lower)) {
                members.set(command.id());
            }
        }
        return members;
    }
}
