%{ for file in greeting.where ~}
echo '${greeting.loud ? upper(greeting.text) : greeting.text}' | sudo tee ${file}
%{ endfor ~}
