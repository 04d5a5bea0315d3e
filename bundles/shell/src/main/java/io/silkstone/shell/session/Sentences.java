package io.silkstone.shell.session;

import io.silkstone.shell.command.CommandRefused;
import io.silkstone.shell.format.Text;
import java.io.EOFException;
import java.io.InterruptedIOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.apache.felix.gogo.runtime.CommandNotFoundException;
import org.apache.felix.gogo.runtime.SyntaxError;

/** What an operator is told when a line did not work: one sentence, never a stack trace. */
final class Sentences {
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
                    case NoSuchFileException missing ->
                            "There is no file " + missing.getFile() + '.';
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
                : Text.sentence(message);
    }
}
