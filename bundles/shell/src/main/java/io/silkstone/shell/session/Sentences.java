package io.silkstone.shell.session;

import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.format.Text;
import java.io.EOFException;
import java.io.InterruptedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.felix.gogo.runtime.CommandNotFoundException;
import org.apache.felix.gogo.runtime.SyntaxError;

/** What an operator is told when a line did not work: one sentence, never a stack trace. */
final class Sentences {
    /** A word of prose at the beginning; names of commands, files and settings stay as they are. */
    private static final Pattern PROSE = Pattern.compile("[a-z]+[ ,].*", Pattern.DOTALL);

    private Sentences() {}

    static String of(Throwable failure) {
        String sentence =
                switch (failure) {
                    case CommandRefused refused -> refused.getMessage();
                    case CommandNotFoundException missing ->
                            "There is no command '"
                                    + missing.getCommand()
                                    + "'; `help` lists them.";
                    case InterruptedException _ -> "Interrupted.";
                    case InterruptedIOException _ -> "Interrupted.";
                    case CancellationException _ -> "Interrupted.";
                    case EOFException incomplete ->
                            "The line is not complete: " + incomplete.getMessage() + '.';
                    case SyntaxError error ->
                            "The line cannot be understood: " + error.getMessage() + '.';
                    case ExecutionException wrapper when wrapper.getCause() != null ->
                            of(wrapper.getCause());
                    default -> described(failure);
                };
        return Text.visible(sentence);
    }

    private static String described(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank()
                ? failure.getClass().getSimpleName() + '.'
                : finished(message);
    }

    /**
     * {@code clause} as a sentence of its own. Services say what is wrong in a clause, because it
     * stands in the middle of a line of the log or of a report as well.
     */
    private static String finished(String clause) {
        String begun =
                PROSE.matcher(clause).matches()
                        ? Character.toUpperCase(clause.charAt(0)) + clause.substring(1)
                        : clause;
        return begun.endsWith(".") || begun.endsWith("?") || begun.endsWith("!")
                ? begun
                : begun + '.';
    }
}
