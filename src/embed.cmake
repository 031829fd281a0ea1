# Writes a C file that holds a text file: cmake -DIN=… -DOUT=… -DNAME=… -P embed.cmake
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUT} "/* Made from ${NAME}. */\nextern const char ${NAME}[];\nconst char ${NAME}[] = {\n    ${bytes}0};\n")
