# Writes manual page and shell completions from what PROGRAM says of itself:
#   cmake -DPROGRAM=u65sim -DINTO=folder -DVERSION=0.1.0 -P write_help.cmake
cmake_minimum_required(VERSION 3.25)

# help_of(<result> [arguments...]): the program's help.
function(help_of result)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --help OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# as_roff(<text> <result>): the text as it stands, without meaning to roff.
function(as_roff text result)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${result} ".nf\n${text}\n.fi\n" PARENT_SCOPE)
endfunction()

# options_in(<text> <result>): all options that a help names, in one line.
function(options_in text result)
  string(REGEX MATCHALL "\n +(-[^ \n]+)" lines "\n${text}")
  set(options "")
  foreach(line IN LISTS lines)
    string(STRIP "${line}" line)
    string(REGEX MATCHALL "--?[A-Za-z][-A-Za-z]*" names "${line}")
    list(APPEND options ${names})
  endforeach()
  list(REMOVE_DUPLICATES options)
  list(JOIN options " " options)
  set(${result} "${options}" PARENT_SCOPE)
endfunction()

help_of(help)
string(REGEX MATCH "Subcommands:\n((  [^\n]*\n)+)" found "${help}")
string(REGEX MATCHALL "(^|\n)  [a-z][a-z-]*" lines "\n${CMAKE_MATCH_1}")
set(commands "")
foreach(line IN LISTS lines)
  string(STRIP "${line}" command)
  list(APPEND commands ${command})
endforeach()
list(LENGTH commands count)
if(count LESS 5)
  message(FATAL_ERROR "${PROGRAM} --help lists ${count} subcommands")
endif()
list(JOIN commands " " command_words)
options_in("${help}" general)

as_roff("${help}" body)
set(page ".TH U65SIM 1 \"\" \"u65sim ${VERSION}\" \"User Commands\"
.SH NAME
u65sim \\- cycle\\-approximate simulator of the Arm Ethos\\-U65 and U55 NPUs
.SH SYNOPSIS
.B u65sim
.I SUBCOMMAND
.RI [ OPTIONS ]
.SH DESCRIPTION
${body}")
set(bash_cases "")
set(zsh_cases "")
foreach(command IN LISTS commands)
  help_of(help ${command})
  as_roff("${help}" body)
  string(TOUPPER ${command} title)
  string(APPEND page ".SH ${title}\n${body}")
  options_in("${help}" options)
  string(APPEND bash_cases "        ${command}) words=\"${options}\" ;;\n")
  string(APPEND zsh_cases "    ${command}) compadd -- ${options} ;;\n")
endforeach()

file(WRITE ${INTO}/u65sim.1 "${page}")
file(WRITE ${INTO}/u65sim.bash "# bash completion of u65sim: subcommands, their options, files
_u65sim() {
    local word=\${COMP_WORDS[COMP_CWORD]} words=\"${command_words} ${general}\"
    if [ \"$COMP_CWORD\" -gt 1 ]; then
        case \${COMP_WORDS[1]} in
${bash_cases}        *) words=\"\" ;;
        esac
    fi
    COMPREPLY=()
    if [ \"$COMP_CWORD\" -eq 1 ] || [ \"\${word:0:1}\" = - ]; then
        COMPREPLY=(\$(compgen -W \"$words\" -- \"$word\"))
    fi
}
complete -o default -F _u65sim u65sim
")
file(WRITE ${INTO}/_u65sim "#compdef u65sim
# zsh completion of u65sim: subcommands, their options, files
if (( CURRENT == 2 )); then
  compadd -- ${command_words} ${general}
elif [[ \$words[CURRENT] == -* ]]; then
  case \$words[2] in
${zsh_cases}  esac
else
  _files
fi
")
